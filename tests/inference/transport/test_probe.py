"""The model of a candidate that names none."""

import pytest

from replay_assets.errors import ConfigurationError
from replay_assets.inference import with_model
from tests.inference.scripted_server import Script, ScriptedServer, candidate, payload, status


@pytest.fixture
def server(shared_server: ScriptedServer) -> Script:
    return shared_server.new_script()


def test_the_only_listed_model_is_used(server: Script):
    """A candidate with a model is not even asked for."""
    server.results = [payload({"data": [{"id": "vendor/found"}]})]
    nameless = candidate(server.base_url, role="judge", model="")
    assert with_model(nameless, api_key=None).model == "vendor/found"
    named = candidate(server.base_url)
    assert with_model(named, api_key=None) is named
    assert server.polled == ["/v1/models"]


def test_what_cannot_be_chosen_is_an_error_with_the_names(server: Script):
    """Never a made-up name such as `default`."""
    server.results = [
        payload({"data": [{"id": "a"}, {"id": "b"}]}),
        payload({"data": []}),
        status(404),
    ]
    nameless = candidate(server.base_url, role="judge", model="")
    for words in ("lists 2: a, b; set `model`", r"lists none \(it answered 200\)", "404"):
        with pytest.raises(ConfigurationError, match=words):
            with_model(nameless, api_key=None)
