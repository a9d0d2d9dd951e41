"""Where the result of an accepted request is: only ever at the host that was asked."""

import pytest

from replay_assets.inference.transport.result_address import result_address

BASE = "https://api.example.com/v1"


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"nvcf-reqid": "a1-B_2"}, f"{BASE}/status/a1-B_2"),
        ({"location": "/v1/results/7?x=1#y"}, f"{BASE}/results/7?x=1"),
        ({"location": "7"}, f"{BASE}/chat/7"),
        ({"location": f"{BASE}/results/7", "nvcf-reqid": "a"}, f"{BASE}/results/7"),
        ({"location": "https://api.example.com:443/7"}, "https://api.example.com:443/7"),
        ({"location": "https://evil.example/7", "nvcf-reqid": "a"}, f"{BASE}/status/a"),
        *(
            ({"location": address}, None)
            for address in (
                *("https://evil.example/7", "//evil.example/7", "http://api.example.com/7"),
                *("https://api.example.com:8443/7", "https://u:p@api.example.com/7"),
                *("https://api.example.com.evil.example/7", "https://api.example.com:x/7"),
                *("https://api.example.com@evil.example/7", "file:///etc/passwd", "https://["),
            )
        ),
        ({"nvcf-reqid": "../../admin"}, None),
        ({"nvcf-reqid": "a b"}, None),
        ({}, None),
    ],
)
def test_the_key_goes_to_no_other_host(headers: dict[str, str], address: str | None) -> None:
    """Scheme, host and port must be those of the endpoint, and an id only an id."""
    assert result_address(BASE, headers) == address
