"""From what TOML says to the classes of the configuration."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin

import cattrs
from cattrs.gen import make_dict_structure_fn

from config.expectations import Expectation
from config.rule_settings import RuleSettings

__all__ = ["converter"]


def converter() -> cattrs.Converter:
    """Refuses keys that it does not know, and values that their Expectation does not take; collects all problems."""
    made = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    made.register_structure_hook_func(
        lambda kind: _expectation(kind) is not None,
        lambda value, kind: _require(_expectation(kind)).read(value),
    )
    made.register_structure_hook(
        RuleSettings, make_dict_structure_fn(RuleSettings, made, _cattrs_forbid_extra_keys=True)
    )
    return made


def _expectation(kind: Any) -> Expectation | None:
    if get_origin(kind) is not Annotated:
        return None
    return next((item for item in get_args(kind)[1:] if isinstance(item, Expectation)), None)


def _require(expectation: Expectation | None) -> Expectation:
    if expectation is None:
        raise TypeError("a type without an expectation reached the hook for those that have one")
    return expectation
