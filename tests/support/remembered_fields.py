"""What FastAPI works out for a parameter or an answer, remembered: tests make the same routes again and again.

A field depends on nothing but how the parameter or the answer is declared. What a handler depends on is worked out
anew each time, as it belongs to one application. Real processes (tests/e2e) remember nothing.
"""

from typing import Any

import fastapi.dependencies.utils
import fastapi.routing
from fastapi._compat import ModelField
from fastapi.dependencies.utils import ParamDetails, analyze_param
from fastapi.utils import create_model_field

__all__ = ["remember_fields"]

_parameters: dict[Any, ParamDetails] = {}
_answers: dict[Any, ModelField] = {}


def remember_fields() -> None:
    """Let FastAPI ask here first."""
    fastapi.dependencies.utils.analyze_param = _parameter
    fastapi.routing.create_model_field = _answer


def _parameter(*, param_name: str, annotation: Any, value: Any, path_param_names: set[str]) -> ParamDetails:
    declared = (param_name, annotation, repr(value), param_name in path_param_names)
    known = _parameters.get(declared)
    if known is None:
        known = analyze_param(
            param_name=param_name, annotation=annotation, value=value, path_param_names=path_param_names
        )
        if known.field is not None:
            _parameters[declared] = known
    return known


def _answer(*, name: str, type_: Any, mode: Any) -> ModelField:
    declared = (name, type_, mode)
    if declared not in _answers:
        _answers[declared] = create_model_field(name=name, type_=type_, mode=mode)
    return _answers[declared]
