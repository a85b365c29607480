"""The key with which a node signs its notices: made when it first serves, and good for nothing else."""

from __future__ import annotations

from ...signing.keyfile import load_private_key, save_private_key
from ...signing.keys import PrivateKey, generate_private_key
from ...trace.ledger.home import Home
from ...trace.ledger.register import file_lock


def load_notice_key(home: Home) -> PrivateKey:
    """The key of ``keys/notice.pem``; a new one, where there is none yet.

    It lies there without a passphrase: who can read the folder reads what the notices say anyway. Whoever
    deletes the file gets another key, and receivers refuse what that signs until they ask for it.

    Raises:
        KeyFileError, KeyFileUnsafeError: The file holds no such key, or others may read it.
    """
    path = home.keys / "notice.pem"
    with file_lock(path.with_suffix(".lock")):  # two processes may begin to serve at one moment
        if not path.exists():
            save_private_key(path, generate_private_key("Ed25519"), passphrase=None)
        return load_private_key(path, passphrase=None)
