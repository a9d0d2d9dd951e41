"""Which commands a plan may contain; none is ever run."""

import pytest

from replay_assets.contracts.commands import shipped_commands


@pytest.mark.parametrize(
    ("command", "finding"),
    [
        ("kubectl get pods -n shop", "allowed"),
        ("kubectl rollout restart deployment/web", "allowed"),
        ("kubectl rollout restart deployment web -n shop", "allowed"),
        ("kubectl scale deployment web --replicas=3", "allowed"),
        ("kubectl scale deployment web --replicas 3", "allowed"),
        ("kubectl set image deployment/web web=nginx:1.27", "allowed"),
        ("helm rollback web 3", "allowed"),
        ("kubectl delete pod web-0", "allowed"),
        ("kubectl scale deployment web", "incomplete"),
        ("kubectl rollout restart", "incomplete"),
        ("kubectl rollout forget deployment/web", "incomplete"),
        ("kubectl delete pod", "incomplete"),
        ("kubectl delete pods --all", "forbidden"),
        ("kubectl delete pod web-0 --force", "forbidden"),
        ("terraform apply -auto-approve", "forbidden"),
        ("kubectl get pods | xargs kubectl delete pod", "forbidden"),
        ("kubectl get pods; rm -rf /", "forbidden"),
        ("kubectl exec web-0 -- sh", "unknown_command"),
        ("kubectl -n shop", "unknown_command"),
        ("kubectl patch deployment web -p '{", "unreadable"),
    ],
)
def test_a_command_is_compared_with_the_allow_list(command: str, finding: str):
    """Options may be before or after the parts, with a value in the same part or the next."""
    assert shipped_commands().check(command) == finding


@pytest.mark.parametrize(
    ("step", "commands"),
    [
        ("kubectl get pods", ["kubectl get pods"]),
        ("$ kubectl get pods", ["kubectl get pods"]),
        ("Run `kubectl get pods`, then `helm list -A`", ["kubectl get pods", "helm list -A"]),
        ("Restart the web deployment", []),
        ("Use kubectl to look at the pods", []),
        ("Set `replicas` to 3", []),
        ("kubectl", []),
    ],
)
def test_commands_are_found_in_a_step(step: str, commands: list[str]):
    """A step in words is not a command."""
    assert shipped_commands().commands_in(step) == commands
