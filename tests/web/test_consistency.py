"""`GET /api/v1/consistency`: proofs that hold between any two sizes, and that no cache may mix up."""

from __future__ import annotations

import itertools

import pytest

from packtrace.signing.errors import SigningError
from packtrace.signing.merkle import check_consistency, leaf_hash, root_of
from packtrace.signing.std_base64 import parse_base64
from packtrace.tests.scene import pack_code
from packtrace.tests.web.conftest import Served, check_problem, on_both

URL = "/api/v1/consistency"


@on_both
def test_proof_between_any_two_sizes_holds_and_is_its_own(served: Served) -> None:
    for number in range(3):
        served.post(served.scene.manufactured(pack_code(number)))
    size = served.ledger.size
    hashes = [leaf_hash(entry) for entry in served.ledger.entries(0, size)]
    proofs = {}
    for old, new in itertools.combinations_with_replacement(range(1, size + 1), 2):
        answer = served.client.get(f"{URL}?from={old}&to={new}")
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
        body = answer.json or {}
        assert (body["from"], body["to"]) == (old, new)
        assert body["checkpoint"].encode() == served.ledger.checkpoint()
        proof = [parse_base64(text, "hash") for text in body["hashes"]]
        check_consistency(proof, old, new, root_of(hashes[:old]), root_of(hashes[:new]))
        proofs[old, new] = proof
    for (old, new), proof in proofs.items():  # the answer to one URL is no answer to the next
        if old < new < size:
            with pytest.raises(SigningError):
                check_consistency(proof, old, new + 1, root_of(hashes[:old]), root_of(hashes[: new + 1]))


def test_proof_goes_to_the_newest_checkpoint_unless_another_size_is_named(served: Served) -> None:
    assert (served.client.get(f"{URL}?from=1").json or {})["to"] == served.ledger.size


REFUSED = (
    ("from=0", 422, "PARAMETERS_INVALID"),  # every tree extends the empty one: that says nothing
    ("from=0&to=0", 422, "PARAMETERS_INVALID"),
    ("from=5&to=4", 422, "LOG_CONSISTENCY_INVALID"),
    ("from=1&to=11", 404, "SIZE_NOT_SIGNED"),
    ("from=11&to=11", 404, "SIZE_NOT_SIGNED"),
    ("from=9007199254740991", 404, "SIZE_NOT_SIGNED"),
    ("from=9007199254740992", 422, "PARAMETERS_INVALID"),
    ("from=11&to=5", 404, "SIZE_NOT_SIGNED"),
    ("", 422, "PARAMETERS_INVALID"),
    ("to=5", 422, "PARAMETERS_INVALID"),
    *((f"from={text}", 422, "PARAMETERS_INVALID") for text in ("-1", "01", "1.0", "+1", "1_0", "x", "")),
    *((f"from={text}", 422, "PARAMETERS_INVALID") for text in ("９", "%201", "1e2", "9" * 5000)),
)


def test_sizes_between_which_there_is_no_proof_are_refused(served: Served) -> None:
    assert served.ledger.size == 10
    for query, status, code in REFUSED:
        answer = served.client.get(f"{URL}?{query}")
        assert answer.status_code == status, query
        check_problem(answer, status, code)


def test_no_proof_is_handed_out_that_does_not_lead_to_the_signed_root(served: Served) -> None:
    assert served.client.get(f"{URL}?from=3").status_code == 200
    served.played.flip("tile", "data", "level = 0")
    check_problem(served.client.get(f"{URL}?from=3"), 503, "DB_CORRUPT")
