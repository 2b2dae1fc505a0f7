"""The settings of plugins: `[plugin.leads]` in tripfile.toml, under `LEADS__KEY` in .env, under the environment."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_origin

from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from core.config import Settings, plugin_environment
from core.plugins.spec import Plugin


def read(plugin: Plugin, settings: Settings) -> tuple[BaseModel | None, list[str]]:
    """A plugin's validated settings, and a sentence for each key at fault. Values are never part of a sentence."""
    if plugin.settings is None:
        return None, []
    known = plugin.settings.model_fields
    given = _given(plugin.name, settings, known)
    problems = [
        f"{_key(plugin.name, (key,))} is not a setting of {plugin.name}; these are: {', '.join(known)}"
        for key in sorted(given.keys() - known.keys())
    ]
    try:
        return plugin.settings.model_validate(given), problems
    except ValidationError as error:
        faults = error.errors(include_input=False, include_context=False, include_url=False)
        # Unknown keys are already named, whether or not the model forbids them.
        faults = [fault for fault in faults if fault["type"] != "extra_forbidden" or len(fault["loc"]) > 1]
        return None, problems + [f"{_key(plugin.name, fault['loc'])}: {fault['msg']}" for fault in faults]


def _given(name: str, settings: Settings, fields: Mapping[str, FieldInfo]) -> dict[str, Any]:
    config = type(settings).model_config
    values = _from_toml(Path(str(config.get("toml_file"))), name)
    _overlay(values, name, dotenv_values(str(config.get("env_file"))))
    _overlay(values, name, plugin_environment())
    return {key: _as_list(value, fields.get(key)) for key, value in values.items()}


def _as_list(value: Any, field: FieldInfo | None) -> Any:
    """Split `a,b c` for a field that holds several, as the core's own settings do."""
    several = field is not None and get_origin(field.annotation) in {list, tuple, set, frozenset}
    return value.replace(",", " ").split() if several and isinstance(value, str) else value


def _from_toml(file: Path, name: str) -> dict[str, Any]:
    if not file.is_file():
        return {}
    table: dict[str, Any] = tomllib.loads(file.read_text()).get("plugin", {}).get(name, {})
    return table


def _overlay(values: dict[str, Any], name: str, variables: Mapping[str, str | None]) -> None:
    """Put `LEADS__SLA__HOURS=4` at values["sla"]["hours"]."""
    prefix = f"{name.upper()}__"
    for key, value in variables.items():
        if key.upper().startswith(prefix) and value:
            *path, last = key[len(prefix) :].lower().split("__")
            target = values
            for step in path:
                target = target.setdefault(step, {})
            target[last] = _parsed(value)


def _parsed(value: str) -> Any:
    """Lists and objects are JSON; every other type pydantic reads from the text itself."""
    if value.startswith(("[", "{")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _key(name: str, location: tuple[int | str, ...]) -> str:
    return "__".join(str(part) for part in (name, *location)).upper()
