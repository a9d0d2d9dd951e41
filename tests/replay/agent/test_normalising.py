"""Calls that ask for the same have one form, and calls that do not have different ones."""

import itertools
from typing import Any

import pytest

from replay_assets.replay.agent.tools.normalising import asked

Written = tuple[str, dict[str, Any]]


def command(text: str) -> Written:
    return "kubectl", {"command": text}


SAME: list[list[Written]] = [
    [
        command("kubectl get pods -n shop"),
        command("kubectl -n shop get po"),
        command("get pods --namespace=shop"),
        command("kubectl get pods -nshop --show-labels"),
        ("exec_read_only_kubectl_cmd", {"cmd": "kubectl get pod -n shop"}),
        ("kubectl_get", {"resource": "pods", "namespace": "shop"}),
        ("kubectl_get", {"namespace": "shop", "resource": "Pod", "output": "table"}),
        ("kubectl_get_by_kind_in_namespace", {"kind": "pod", "namespace": "shop"}),
    ],
    [
        command("kubectl get pods"),
        command("kubectl get pods -n default"),
        ("kubectl_get", {"resource": "pods", "name": None}),
    ],
    [
        command("kubectl get pods,deployments -n shop"),
        command("kubectl get deploy,po -n shop"),
    ],
    [
        command("kubectl describe pod/web-0 -n shop"),
        command("kubectl describe pods web-0 -n shop"),
        ("kubectl_describe", {"kind": "pod", "name": "web-0", "namespace": "shop"}),
    ],
    [
        command("kubectl get deployment.apps/web -n shop -o yaml"),
        ("get_configuration", {"resource": "deployment", "name": "web", "namespace": "shop"}),
        ("kubectl_get_yaml", {"kind": "Deployment", "name": "web", "namespace": "shop"}),
    ],
    [
        command("kubectl logs web-0 -n shop -c app --tail=50 --previous"),
        command("kubectl logs -p pod/web-0 -c app --tail 50 -n shop"),
        ("get_logs", {"pod": "web-0", "namespace": "shop", "container": "app", "tail": 50,
                      "previous": True}),
        ("kubectl_previous_logs", {"pod_name": "web-0", "namespace": "shop", "container": "app",
                                   "tail": "50"}),
    ],
    [
        command("kubectl logs deploy/web -n shop --since=10m"),
        command("kubectl logs -f deployment/web -n shop --since=10m"),
        ("get_logs", {"target": "deploy/web", "namespace": "shop", "since": "10m"}),
    ],
    [
        command("kubectl get events -n shop --field-selector involvedObject.name=web-0"),
        command("kubectl events -n shop --for pod/web-0"),
        ("get_events", {"namespace": "shop", "name": "web-0", "resource": "pod"}),
        ("kubectl_events", {"resource_type": "pod", "pod_name": "web-0", "namespace": "shop"}),
    ],
    [
        command("kubectl get pods -A | grep web"),
        command("kubectl get pods --all-namespaces | grep -i web"),
        ("kubectl_find_resource", {"kind": "pod", "keyword": "web"}),
    ],
    [
        command("kubectl get nodes"),
        command("kubectl get no -n shop"),
        ("kubectl_get_by_kind_in_cluster", {"kind": "node"}),
    ],
    [
        command("kubectl top pods -n shop"),
        ("get_metrics", {"query": "pods", "namespace": "shop"}),
        ("kubectl_top_pods", {"namespace": "shop"}),
    ],
    [
        command("kubectl describe node <HOST_1>"),
        ("kubectl_describe", {"resource": "node", "name": "<HOST_1>"}),
        ("kubectl_describe", {"resource": "node", "name": "[HOST_1]"}),
        ("kubectl_describe", {"resource": "node", "name": "&lt;HOST_1&gt;"}),
    ],
    [
        ("get_traces", {"service": "web", "last_n_minutes": 5}),
        ("get_traces", {"last_n_minutes": "5", "service": "web"}),
    ],
    [
        ("query_loki", {"query": "{app='web'}", "limit": 5.0}),
        ("query_loki", {"limit": 5, "query": "{app='web'} "}),
    ],
]  # fmt: skip


@pytest.mark.parametrize("forms", SAME, ids=lambda forms: str(forms[0]))
def test_the_same_read_in_other_words_has_one_form(forms: list[Written]):
    assert len({asked(*written) for written in forms}) == 1


def test_other_reads_have_other_forms():
    """Each group above is another read; so are these, which differ in one value."""
    others = [
        command("kubectl get pods -n data"),
        command("kubectl get pods -n shop -o wide"),
        command("kubectl get pods -n shop -l app=web"),
        command("kubectl get pods -n shop | wc -l"),
        command("kubectl logs web-0 -n shop"),
        command("kubectl logs statefulset/web -n shop --since=10m"),
        command("kubectl get events -n shop"),
        command("openssl x509 -noout"),
        ("query_loki", {"query": "{app='db'}"}),
        ("query_tempo", {"query": "{app='db'}"}),
    ]
    forms = [asked(*one) for one in (*itertools.chain(group[0] for group in SAME), *others)]
    assert len(set(forms)) == len(forms)
