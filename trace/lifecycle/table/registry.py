"""Rows of the log, of organisations and of their keys."""

from __future__ import annotations

from typing import Final

from .row import By, Row

_REGISTRAR: Final = (By("registrar"),)

REGISTRY: Final = (
    Row(
        "log.opened", "log", (By("first"),), "日志启用", "log opened",
        also=("origin", "founding_keys", "known_rules"),
    ),
    Row(
        "log.key_changed", "log", _REGISTRAR, "更换日志密钥", "log key changed",
        joint=True, also=("log_opened", "new_log_keys"),
    ),
    Row(
        "registrar.key_changed", "log", _REGISTRAR, "更换登记机关密钥", "registrar key changed",
        joint=True, also=("log_opened", "new_registrars"),
    ),
    Row(
        "log.rules_adopted", "log", _REGISTRAR, "采用规则版本", "rules adopted",
        joint=True, also=("log_opened", "other_rules"),
    ),
    Row("log.heads", "log", _REGISTRAR, "各链末端", "heads of all chains", also=("log_opened", "all_heads")),
    Row("log.sealed", "log", _REGISTRAR, "日志封存", "log sealed", joint=True, also=("log_opened",)),
    Row(
        "org.enrolled", "org", _REGISTRAR, "机构登记", "organisation enrolled",
        joint=True, also=("chain_absent", "vendor_codes_free", "new_admin_key"),
    ),
    Row(
        "org.changed", "org", _REGISTRAR, "机构变更", "organisation changed",
        joint=True, also=("chain_present", "vendor_codes_free"),
    ),
    Row(
        "org.suspended", "org", _REGISTRAR, "机构暂停", "organisation suspended",
        joint=True, also=("chain_present", "not_suspended"),
    ),
    Row(
        "org.reinstated", "org", _REGISTRAR, "机构恢复", "organisation reinstated",
        joint=True, also=("chain_present", "is_suspended"),
    ),
    Row(
        "org.key_revoked", "org", _REGISTRAR, "登记机关吊销密钥", "key revoked by the registrar",
        also=("chain_present", "key_of_org"),
    ),
    Row(
        "org.key_recovered", "org", _REGISTRAR, "登记机关恢复密钥", "key added by the registrar",
        joint=True, also=("chain_present", "recovered_key"),
    ),
    Row("key.added", "keys", (By("admin"),), "增加密钥", "key added", also=("new_key",)),
    Row("key.revoked", "keys", (By("admin"),), "吊销密钥", "key revoked", also=("key_of_org",)),
)  # fmt: skip
