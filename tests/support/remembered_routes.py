"""What FastAPI works out for a route, remembered: tests put the same applications together again and again.

What is remembered depends on nothing but what was written: how a parameter or an answer is declared, the text of a
path, the code of a handler. Whom a handler depends on is asked anew each time, as it belongs to one application.
A callable that is neither a plain function nor a method or an object of one is left to FastAPI. Real processes
(tests/e2e) remember nothing.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from types import CodeType, FunctionType, MethodType
from typing import Any

import fastapi.dependencies.models
import fastapi.dependencies.utils
import fastapi.routing
import starlette.routing
from fastapi._compat import ModelField
from fastapi.dependencies.utils import ParamDetails, analyze_param, get_typed_return_annotation, get_typed_signature
from fastapi.routing import _extract_endpoint_context
from fastapi.utils import create_model_field

__all__ = ["remember_routes"]

_parameters: dict[Any, ParamDetails] = {}
_answers: dict[Any, ModelField] = {}
_places: dict[CodeType, dict[str, Any]] = {}

#: FastAPI's questions about a callable, each with the mark of the code that answers it.
_KINDS = {
    "_is_gen_callable": inspect.CO_GENERATOR,
    "_is_async_gen_callable": inspect.CO_ASYNC_GENERATOR,
    "_is_coroutine_callable": inspect.CO_COROUTINE,
}


def remember_routes() -> None:
    """Let FastAPI ask here first."""
    models, utils, routing = fastapi.dependencies.models, fastapi.dependencies.utils, fastapi.routing
    utils.analyze_param, utils.get_typed_signature = _parameter, _signature  # type: ignore[assignment]  # enough of one
    routing.create_model_field, routing.get_typed_return_annotation = _answer, _answered
    routing._extract_endpoint_context = _place  # type: ignore[assignment]  # a dictionary, typed more narrowly there
    routing.compile_path = starlette.routing.compile_path = cache(starlette.routing.compile_path)
    utils.get_path_param_names = cache(utils.get_path_param_names)
    for question, mark in _KINDS.items():
        known = partial(_is, mark=mark, unknown=getattr(models, question))
        for asker in (models, utils, routing):
            setattr(asker, question, known)


@dataclass(frozen=True, slots=True)
class _Declared:
    """A parameter as it is declared."""

    annotation: Any
    default: Any


@dataclass(frozen=True, slots=True)
class _Signature:
    """As much of a signature as FastAPI looks at."""

    parameters: dict[str, _Declared]


def _function(call: Any) -> FunctionType | None:
    """The plain function that runs when this is called, where there is one whose annotations say all."""
    if isinstance(call, MethodType):
        call = call.__func__
    found = call if isinstance(call, FunctionType) else getattr(type(call), "__call__", None)  # noqa: B004 - the class's
    if not isinstance(found, FunctionType) or isinstance(call, type) or hasattr(call, "__wrapped__"):
        return None
    return found


def _signature(call: Callable[..., Any]) -> Any:
    function = _function(call)
    if function is None or function.__code__.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
        return get_typed_signature(call)
    code, annotations = function.__code__, function.__annotations__
    if any(isinstance(one, str) for one in annotations.values()):
        return get_typed_signature(call)
    names = code.co_varnames[: code.co_argcount]
    given = function.__defaults__ or ()
    defaults = dict(zip(names[len(names) - len(given) :], given, strict=True)) | (function.__kwdefaults__ or {})
    names += code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    own = names if function is call else names[1:]
    empty = inspect.Parameter.empty
    return _Signature({name: _Declared(annotations.get(name, empty), defaults.get(name, empty)) for name in own})


def _is(call: Callable[..., Any] | None, *, mark: int, unknown: Callable[..., bool]) -> bool:
    function = _function(call)
    return unknown(call) if function is None else bool(function.__code__.co_flags & mark)


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


def _answered(call: Callable[..., Any]) -> Any:
    function = _function(call)
    found = inspect.Signature.empty if function is None else function.__annotations__.get("return")
    return get_typed_return_annotation(call) if found is inspect.Signature.empty or isinstance(found, str) else found


def _place(call: Any) -> dict[str, Any]:
    """Where a handler stands, which FastAPI reads from its source, and to which it adds the call at hand."""
    function = _function(call)
    if function is None:
        return dict(_extract_endpoint_context(call))
    if function.__code__ not in _places:
        _places[function.__code__] = dict(_extract_endpoint_context(call))
    return dict(_places[function.__code__])
