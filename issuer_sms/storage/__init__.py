"""The phone's storage: the only place that knows SQL."""

from issuer_sms.storage.store import Change, PhoneStore, PhoneSummary
from issuer_sms.storage.tables import SCHEMA

__all__ = ["SCHEMA", "Change", "PhoneStore", "PhoneSummary"]
