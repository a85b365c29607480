"""What stops a ledger. None of these says anything about a statement."""

from __future__ import annotations

from ..errors import TraceError


class LedgerError(TraceError):
    """The ledger can't do what was asked; the events that were submitted may be right."""

    code = "LEDGER_ERROR"


class HomeError(LedgerError):
    """The folder is not the home of a ledger, or is one already."""

    code = "HOME_INVALID"


class EventUnknownError(LedgerError):
    """No event of this id is in the log."""

    code = "EVENT_UNKNOWN"


class ReceiptPendingError(LedgerError):
    """The event is recorded, but no checkpoint covers it yet: ask again."""

    code = "RECEIPT_PENDING"


class BeyondCheckpointError(LedgerError):
    """A size that no checkpoint of this log has reached: whoever saw one that has saw another log."""

    code = "SIZE_NOT_SIGNED"


class ClockError(LedgerError):
    """The clock is further from the last entry than the policy allows; somebody must confirm it."""

    code = "TIME_REGRESSION"


class RulesUnknownError(LedgerError):
    """The log was opened under other rules than this version has: it can't judge what is to come."""

    code = "RULES_UNKNOWN"


class LedgerStoppedError(LedgerError):
    """After something that it can't judge, a ledger writes nothing until it has been opened anew."""

    code = "LEDGER_STOPPED"


class LedgerBusyError(LedgerError):
    """Too much is waiting to be appended; nothing of this was taken: come back later."""

    code = "LEDGER_BUSY"


class LedgerDamagedError(LedgerError):
    """What the database holds is not what was recorded; nothing is signed over it."""

    code = "DB_CORRUPT"


class LedgerRolledBackError(LedgerError):
    """The database is older than the last signed checkpoint: a backup was put in its place."""

    code = "LOG_ROLLED_BACK"


class LogSplitError(LedgerError):
    """The register holds a checkpoint of another history than the database."""

    code = "TREE_SPLIT_VIEW"


class CheckpointConflictError(LedgerError):
    """The register holds another checkpoint than the one that was to be replaced."""

    code = "CHECKPOINT_CONFLICT"


class FatalStorageError(LedgerError):
    """Nobody knows whether a write is on the disk: the process must exit and open the ledger anew.

    After a failed fsync the system may have dropped the data and report success the next time, so asking
    again proves nothing.
    """

    code = "STORAGE_FAILED"


class ErasureIncompleteError(LedgerError):
    """What was to be erased is deleted, but a file may still hold its bytes: do the same again."""

    code = "ERASURE_INCOMPLETE"
