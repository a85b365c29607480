"""What a node takes at most. Every limit is told in the answer that it causes, and in `docs/api.md`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one node; the defaults are those of a node with 2 cores and 4 GiB."""

    event_bytes: int = (
        4 << 20
    )  # body of POST /events: an event with its disclosures, or a group of some hundred
    line_bytes: int = 4 << 20  # a line of a batch
    batch_bytes: int = 64 << 20  # a batch that is answered at once, after unpacking
    batch_lines: int = 10_000  # of such a batch; above, it becomes a job
    batches: int = 4  # that are answered at the same time; the other threads are for other requests
    job_bytes: int = 2 << 30  # a batch that becomes a job, after unpacking
    job_lines: int = 5_000_000
    jobs: int = 100  # that are not done
    jobs_of_one: int = 25  # of them, of one sender
    jobs_bytes: int = 8 << 30  # of all jobs, with the results that are kept or to come; above, none is taken
    json_bytes: int = 1 << 20  # any other body
    heads: int = 10_000  # codes in one POST /heads
    heads_bytes: int = 2 << 20  # of its body
    document_bytes: int = 32 << 20  # of a document or photo that an event names
    labels: int = 500  # in one POST /labels
    vins_a_minute: int = 20  # that one organisation looks up
    page: int = 100  # rows of a page, unless asked for
    page_most: int = 1_000
    picture_bytes: int = 6 << 20
    picture_pixels: int = 16_000_000  # of a picture, counted before it is unpacked
    pictures: int = 1  # that are read at the same time: a hostile one takes two seconds of a processor
    pictures_a_minute: int = 600  # of one address: five phones of a yard that send two a second
    requests_a_minute: int = 6_000  # of one address, and of one key
    reserve_bytes: int = 256 << 20  # free on the disk, below which nothing is recorded
    keys_days: int = 7  # that a key of idempotency, and the result of a job, are kept
    wait_s: float = 30.0  # for a receipt; what is not recorded by then is told to be unknown
