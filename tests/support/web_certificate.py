"""A certificate for this machine, and the authority that signed it."""

from pathlib import Path

import trustme


def write_certificate(folder: Path) -> tuple[Path, Path, Path]:
    """Return the files of the certificate chain, the key and the authority."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    chain, key, root = folder / "page.crt", folder / "page.key", folder / "authority.crt"
    for blob in issued.cert_chain_pems:
        blob.write_to_path(chain, append=True)
    issued.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(root)
    return chain, key, root
