#!/usr/bin/env python3
"""The index as python-tuf sees it: makes one, whole or spoiled, and reads one.

    index.py make DIR [--release R --manifest FILE --location L] [--variant V]
    index.py read DIR ROOT TARGET [--manifest FILE]

`make` writes DIR/metadata (trust DIR/metadata/1.root.json) with the namespaces acme and zeta, in two
states, the second of which is published. Variants spoil it:

    expired      the timestamp has expired
    tampered     a text in acme's list is changed after it was signed
    mix          acme's first list stands under the name of its second
    foreign-key  acme's list is signed by zeta's key
    foreign-name acme's list names a release that zeta lists, too
    foreign-release acme's list names one that zeta does not list
    rollback     run on a DIR that was made before: publishes its first state again

`read` exits 0 and prints the target if python-tuf's client finds it, with ROOT as what it trusts; else
it exits 1 and says why. Needs PyPI tuf 7 and securesystemslib[crypto] 1.
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile
from datetime import datetime, timedelta, timezone

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.api.metadata import (
    DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp,
)
from tuf.ngclient import FetcherInterface, Updater

NOW = datetime.now(timezone.utc).replace(microsecond=0)
YEAR, DAY = timedelta(days=365), timedelta(days=1)


def entry(location):
    """What the host wants to know of a release."""
    return {
        "description": "Computes Fibonacci numbers; naïvely.", "kind": "wasm", "licences": "MIT",
        "capabilities": [], "publisher": "python-tuf", "location": location,
    }


def signed(role, *signers):
    metadata = Metadata(role)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def pin(version, content):
    return MetaFile.from_data(version, content, ["sha256"])


def publish(path, keys, releases, version, variant):
    """Writes one state of an index; `releases` is a list of (name, manifest, location)."""
    path.mkdir(parents=True, exist_ok=True)
    files, snapshot = {}, Snapshot(version=version, expires=NOW + YEAR, meta={})
    delegations = Delegations(keys={}, roles={})
    targets = Targets(version=version, expires=NOW + YEAR, delegations=delegations)
    for namespace in ("acme", "zeta"):
        role = DelegatedRole(namespace, [], 1, True, paths=[f"{namespace}/*"])
        delegations.roles[namespace] = role
        targets.add_key(keys[namespace].public_key, namespace)
        listed = Targets(version=version, expires=NOW + YEAR)
        for name, manifest, location in releases:
            if name.startswith(f"{namespace}/") or (variant == "foreign-name" and namespace == "acme"):
                target = TargetFile.from_data(name, manifest, ["sha256"])
                target.unrecognized_fields["custom"] = entry(location)
                listed.targets[name] = target
        if variant == "foreign-release" and namespace == "acme":
            listed.targets["zeta/other@9.0.0"] = target
        signer = keys["zeta" if variant == "foreign-key" else namespace]
        files[f"{version}.{namespace}.json"] = signed(listed, signer)
    files[f"{version}.targets.json"] = signed(targets, keys["top"])
    for name, content in files.items():
        snapshot.meta[name.split(".", 1)[1]] = pin(version, content)
    files[f"{version}.snapshot.json"] = signed(snapshot, keys["top"])
    expires = NOW - DAY if variant == "expired" else NOW + 14 * DAY
    pinned = pin(version, files[f"{version}.snapshot.json"])
    timestamp = Timestamp(version=version, expires=expires, snapshot_meta=pinned)
    files["timestamp.json"] = signed(timestamp, keys["top"])
    root = Root(version=1, expires=NOW + YEAR, consistent_snapshot=True)
    for name in ("root", "targets", "snapshot", "timestamp"):
        root.add_key(keys["top"].public_key, name)
    files["1.root.json"] = signed(root, keys["top"])
    if variant == "tampered":
        name = f"{version}.acme.json"
        files[name] = files[name].replace(b"Fibonacci", b"FIBONACCI")
    if variant == "mix":
        shutil.copy(path / "1.acme.json", path / "2.acme.json")
        del files["2.acme.json"]
    for name, content in files.items():
        (path / name).write_bytes(content)


def make(args):
    metadata, first = args.dir / "metadata", args.dir / "first-state"
    if args.variant == "rollback":
        shutil.copytree(first, metadata, dirs_exist_ok=True)
        return
    manifest = args.manifest.read_bytes() if args.manifest else b"{}"
    location = args.location or "packages/acme-fib-1.0.0.oci.tar"
    releases = [(args.release, manifest, location), ("zeta/other@1.0.0", b"{}", "packages/x.oci.tar")]
    keys = {name: CryptoSigner.generate_ecdsa() for name in ("top", "acme", "zeta")}
    publish(metadata, keys, releases, 1, None)
    shutil.copytree(metadata, first)
    (first / "1.root.json").unlink()
    # The second root would be the same but for its signature.
    trusted = (metadata / "1.root.json").read_bytes()
    publish(metadata, keys, releases, 2, args.variant)
    (metadata / "1.root.json").write_bytes(trusted)


class Files(FetcherInterface):
    """Reads from a directory as from a web server."""

    def __init__(self, path):
        self.path = path

    def _fetch(self, url):
        file = self.path / url.removeprefix("index:///")
        if not file.is_file():
            raise DownloadHTTPError(f"no {file.name}", 404)
        yield file.read_bytes()


def read(args):
    with tempfile.TemporaryDirectory() as seen:
        base = {"metadata_base_url": "index:///metadata/", "target_base_url": "index:///targets/"}
        updater = Updater(seen, target_dir=seen, fetcher=Files(args.dir), bootstrap=args.root.read_bytes(), **base)
        target = updater.get_targetinfo(args.target)
        if target is None:
            sys.exit(f"the index does not list {args.target}")
        if args.manifest:
            target.verify_length_and_hashes(args.manifest.read_bytes())
        print(json.dumps(target.to_dict()))


def main():
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("make")
    verb.set_defaults(run=make)
    verb.add_argument("dir", type=pathlib.Path)
    verb.add_argument("--release", default="acme/fib@1.0.0")
    verb.add_argument("--manifest", type=pathlib.Path)
    verb.add_argument("--location")
    spoiled = ["expired", "rollback", "tampered", "mix", "foreign-key", "foreign-name", "foreign-release"]
    verb.add_argument("--variant", choices=spoiled)
    verb = verbs.add_parser("read")
    verb.set_defaults(run=read)
    for name in ("dir", "root"):
        verb.add_argument(name, type=pathlib.Path)
    verb.add_argument("target")
    verb.add_argument("--manifest", type=pathlib.Path)
    args = parser.parse_args()
    try:
        args.run(args)
    except (RepositoryError, DownloadError) as error:
        sys.exit(f"refused: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
