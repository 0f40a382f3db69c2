"""The words that figures and proposals are told by."""

from __future__ import annotations

# What the figures allow to say of a rule, from most to least.
HAS_EVIDENCE, WEAK, NONE, TOO_FEW = "has_evidence", "weak", "none", "too_few"
VERDICTS = (HAS_EVIDENCE, WEAK, NONE, TOO_FEW)

# What the figures are of.
ALL_DATES, ONE_DATE = "all_dates", "one_date"

# Why a rule could go.
NEVER_FIRES, ALWAYS_FIRES = "never_fires", "always_fires"
NO_LIFT, COVERED = "no_lift", "covered"

# On which side of a threshold a rule fires.
ABOVE, BELOW = "above", "below"
