"""Records: frozen classes that are their fields and nothing else, made in next to no time.

Law: two records are equal if they are of one class and their fields are equal as Python compares them (JSON values
inside are compared with `values.same` where 1, 1.0 and true must differ). A record cannot be changed; `replaced`
makes another one.

They read like frozen, slotted dataclasses and type checkers take them for such. The standard library's decorator
writes and compiles up to eight methods for each class when it is defined, which takes 0.4 to 1 ms a class and with a
hundred classes was most of the start-up of every command (`tests/benchmarks/start_up.py` measures it). Here all
classes share their methods; only `__init__` is compiled, when a class is first instantiated, since merging makes
records by the hundred thousand.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar, cast, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True)
def record(cls: type[_T]) -> type[_T]:
    """Make a record of a class: its annotated names are its fields, in order, behind those of a record it extends.

    What a field is assigned in the class is its default, shared by all instances and therefore of an unchangeable
    kind. `__post_init__`, if there is one, runs when an instance is made, and may refuse it.
    """
    members = {name: value for name, value in vars(cls).items() if name not in _PER_CLASS}
    own = tuple(members.get("__annotations__", ()))
    inherited: tuple[str, ...] = getattr(cls, "__match_args__", ())
    defaults = {**getattr(cls, "_defaults", {}), **{name: members.pop(name) for name in own if name in members}}
    names = {"__qualname__": cls.__qualname__, "__slots__": own, "__match_args__": inherited + own}
    made = type(cls.__name__, cls.__bases__, {**_METHODS, **members, **names, "_defaults": defaults})
    return cast(type[_T], made)


def replaced(value: _T, **fields: object) -> _T:
    """Give the same record with other values for the fields named. Raises TypeError for a name that is no field."""
    return type(value)(**{**fields_of(value), **fields})


def fields_of(value: object) -> dict[str, Any]:
    """Give the fields of a record by name, in order."""
    names: tuple[str, ...] = value.__match_args__  # type: ignore[attr-defined]
    return {name: getattr(value, name) for name in names}


def _first_init(self: Any, *values: object, **named: object) -> None:
    """Compile what this class does most often, put it in the place of what all share, and make the first instance."""
    cls = type(self)
    fields: tuple[str, ...] = cls.__match_args__
    parameters = (f"{name}=defaults[{name!r}]" if name in cls._defaults else name for name in fields)
    lines = [f"set_{name}(self, {name})" for name in fields]
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    text = f"def __init__(self, {', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"])
    text += f"\ndef _fields(self): return ({''.join(f'self.{name}, ' for name in fields)})"
    compiled: dict[str, Any] = {}
    exec(text, {"defaults": cls._defaults, **{f"set_{name}": getattr(cls, name).__set__ for name in fields}}, compiled)
    cls.__init__, cls._fields = compiled["__init__"], compiled["_fields"]
    cls.__init__(self, *values, **named)


class _Made:
    """How a record is made, for `help` and whoever completes a line: worked out when they ask."""

    def __get__(self, instance: object, cls: type) -> object:
        from inspect import Parameter, Signature, get_annotations

        kinds = {name: told for one in reversed(cls.__mro__) for name, told in get_annotations(one).items()}
        defaults: dict[str, object] = cls._defaults  # type: ignore[attr-defined]
        kind, none = Parameter.POSITIONAL_OR_KEYWORD, Parameter.empty
        names: tuple[str, ...] = cls.__match_args__  # type: ignore[attr-defined]
        return Signature(
            [Parameter(name, kind, default=defaults.get(name, none), annotation=kinds[name]) for name in names]
        )


def _equal(self: Any, other: Any) -> bool:
    return self._fields() == other._fields() if type(self) is type(other) else NotImplemented


def _hash(self: Any) -> int:
    return hash((type(self), self._fields()))


def _shown(self: Any) -> str:
    return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__match_args__)})"


def _refuse(self: object, name: str, value: object = None) -> None:
    raise AttributeError(f"a {type(self).__name__} cannot be changed: {name}")


def _reduced(self: Any) -> tuple[object, ...]:
    return type(self), self._fields()


_PER_CLASS: Final = {"__dict__", "__weakref__"}
_METHODS: Final[dict[str, object]] = {
    "__init__": _first_init,
    "__signature__": _Made(),
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _shown,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__reduce__": _reduced,
}
