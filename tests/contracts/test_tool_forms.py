"""What a call of a tool would do: decided by the tool, or by the verb of its command."""

from typing import Any

import pytest

from replay_assets.contracts.commands import shipped_commands, split_commands
from replay_assets.contracts.tool_forms import shipped_forms
from tests.contracts.update_schemas import TOOLS, tools_text


@pytest.mark.parametrize(
    ("tool", "arguments", "effect"),
    [
        ("kubectl_get", {"resource": "pods"}, "read"),
        ("restart_deployment", {}, "change"),
        ("send_alert", {"message": "x"}, "send"),
        # Not by the prefix of a name.
        ("exec_read_only_kubectl_cmd", {"command": "kubectl get pods"}, "read"),
        ("exec_read_only_kubectl_cmd", {"command": "kubectl delete pod web-0"}, "change"),
        ("exec_kubectl_cmd_safely", {"cmd": "kubectl describe pod web-0"}, "read"),
        ("exec_kubectl_cmd_safely", {"cmd": "kubectl patch svc web -p '{}'"}, "change"),
        ("get_and_delete_pod", {"name": "web-0"}, "change"),
        ("kubectl", {"command": "get pods -n shop"}, "read"),
        ("kubectl", {"command": "-n shop delete pod web-0"}, "change"),
        ("run_bash_command", {"command": ["kubectl", "get", "pods"]}, "read"),
        ("deletePod", {"name": "web-0"}, "change"),
        ("query_loki", {"query": "{app='web'}"}, "read"),
        ("notify_on_call", {}, "send"),
    ],
)
def test_the_tool_or_the_verb_of_its_command_decides(
    tool: str, arguments: dict[str, Any], effect: str
):
    assert shipped_forms().effect_of(tool, arguments) == effect


@pytest.mark.parametrize(
    ("line", "reads"),
    [
        ("kubectl get pods | grep web | wc -l", True),
        ("kubectl -n shop logs deploy/web --since=10m 2>&1 | tail -4", True),
        ("kubectl rollout status deployment/web", True),
        ("kubectl rollout restart deployment/web", False),
        ("kubectl auth can-i delete pods", True),
        ("kubectl config view", True),
        ("kubectl config set-context shop", False),
        ("kubectl get pods; kubectl delete pod web-0", False),
        ("kubectl get pods -o name | xargs kubectl delete", False),
        ("kubectl get pod $(kubectl delete pod web-0)", False),
        ("kubectl get pods\nkubectl delete pod web-0", False),
        ("kubectl exec web-0 -n shop -- env", True),
        ("kubectl exec web-0 -- cat /etc/app.conf", True),
        ("kubectl exec web-0 -- sh -c 'kill 1'", False),
        ("kubectl exec web-0 -- rm -rf /data", False),
        ("kubectl exec web-0 ls", False),
        ("kubectl -n shop exec web-0 -c app -- ls", True),
        ("kubectl delete pod exec -- ls", False),
        ("kubectl exec -it web-0 -- env FOO=1 rm x", False),
        ("kubectl describe node a | sed -n '/Conditions/,$p'", True),
        ("sed -i s/a/b/ app.conf", False),
        ("curl -s search-es:9200/_cat/allocation?v", True),
        ("curl -XDELETE search-es:9200/orders", False),
        ("curl -s --request=POST http://web/restart", False),
        ("curl -sXDELETE search-es:9200/orders", False),
        ("curl -ksd '{}' http://web/restart", False),
        ("curl -so/dev/null http://web/", True),
        ("sed -ni s/a/b/ app.conf", False),
        ("date -Iseconds", True),
        ("date -us 10:00", False),
        ("find / -name core -delete", False),
        ("awk 'BEGIN { system(\"reboot\") }'", False),
        ("kubectl apply -f - <<< 'kind: Service'", False),
        ("kubectl get pods --all-namespaces > /tmp/pods", True),
        ("kubectl get pod '", False),
        ("rm -rf /", False),
        ("", False),
    ],
)
def test_a_line_reads_if_each_of_its_commands_does(line: str, reads: bool):
    assert shipped_commands().only_reads(line) == reads


def test_a_placeholder_is_not_taken_for_a_redirect():
    line = "kubectl describe node <HOST_1> -n shop | grep '<IP_PRIV_2>'"
    assert split_commands(line) == [
        ["kubectl", "describe", "node", "<HOST_1>", "-n", "shop"],
        ["grep", "<IP_PRIV_2>"],
    ]


def test_the_published_tools_are_those_that_are_offered():
    """Rewrite them with `python -m tests.contracts.update_schemas`."""
    assert TOOLS.read_text(encoding="utf-8") == tools_text()
