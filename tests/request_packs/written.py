"""A pack as the files of its partition."""

import tempfile

from replay_assets.lake.assets import AUDIT_FILE, PACK_FILE, REQUEST_PACK, TOOL_OUTPUT_FILE
from replay_assets.lake.store import Publication, Store
from replay_assets.request_packs.builder import RequestPack


def published_pack(pack: RequestPack) -> Publication:
    """Publish a pack, and return its files and facts."""
    with tempfile.TemporaryDirectory() as folder:
        address = REQUEST_PACK.at("2026-09-21")
        made = pack.publish(Store(folder), address, inputs={"incident_evidence": "digest"})
        files = {name: made.file(name) for name in (PACK_FILE, TOOL_OUTPUT_FILE, AUDIT_FILE)}
        return Publication(files=files, facts=made.facts)
