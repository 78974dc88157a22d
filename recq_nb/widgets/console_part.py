"""The console part: what can be sent, its forms, and what became of what was sent."""

from __future__ import annotations

import inspect
import weakref
from html import escape
from typing import cast
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from recq_nb.errors import RecqError
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.payload import Query
from recq_nb.modeling.payload_definition import PayloadDefinition, PayloadKind
from recq_nb.widgets.console_calls import Calls
from recq_nb.widgets.console_host import ConsoleHost
from recq_nb.widgets.errand import Errands
from recq_nb.widgets.form_check import CheckedInput, check_input
from recq_nb.widgets.part import Answer, Picture
from recq_nb.widgets.payload_form import form_of
from recq_nb.widgets.protocol.console import (
    Call,
    CheckInput,
    ConsoleIntent,
    ConsoleNews,
    ConsoleSnapshot,
    FormNode,
    PayloadEntry,
    SendInput,
)
from recq_nb.widgets.protocol.envelope import Body
from recq_nb.widgets.python_source import source_of

_INTENT: TypeAdapter[ConsoleIntent] = TypeAdapter(ConsoleIntent)
_SENDABLE = {PayloadKind.DOMAIN_COMMAND: 0, PayloadKind.SERVICE_COMMAND: 1, PayloadKind.QUERY: 2}
_MOST_IDS = 200
_KNOWN_IDS = """
    SELECT aggregate_id FROM recq.events WHERE sender = $1 AND aggregate_id <> ''
    GROUP BY aggregate_id ORDER BY max(sequence_number) DESC LIMIT 200
"""


class _Memory:
    """What was filled in last, by payload; kept as long as the session, so that every console of it knows."""

    def __init__(self) -> None:
        self.drafts: dict[str, object] = {}
        self.selected = ""


_memories: weakref.WeakKeyDictionary[object, _Memory] = weakref.WeakKeyDictionary()


def part_for(session: object) -> ConsolePart:
    """The part for a session."""
    return ConsolePart(cast("ConsoleHost", session))


class ConsolePart:
    """Forms for every command and query of the registered model.

    Args:
        host: The session.
    """

    name = "console"
    rest_seconds = 0.0

    def __init__(self, host: ConsoleHost) -> None:
        self._host = host
        self._memory = _memories.setdefault(host, _Memory())
        self._calls = Calls(host)
        self._errands = Errands()
        self._bundle: Bundle | None = None
        self._forms: dict[str, tuple[PayloadDefinition, FormNode, int]] = {}
        self._versions: dict[str, tuple[PayloadDefinition, int]] = {}

    # -- frames --------------------------------------------------------------------------------------------------

    def snapshot(self) -> Body:
        """See ``Part.snapshot``."""
        self._bundle = self._host.bundle
        body: ConsoleSnapshot = {
            "kind": "console",
            "payloads": self._entries(self._bundle),
            "calls": self._calls.all(),
            "selected": self._memory.selected,
        }
        return cast("Body", body)

    def delta(self) -> Body | None:
        """See ``Part.delta``."""
        bundle, calls = self._host.bundle, self._calls.news()
        if bundle is self._bundle and not calls:
            return None
        payloads = None if bundle is self._bundle else self._entries(bundle)
        self._bundle = bundle
        body: ConsoleNews = {"kind": "console_news", "payloads": payloads, "calls": calls}
        return cast("Body", body)

    def calls(self) -> list[Call]:
        """What was sent from here, oldest first."""
        return self._calls.all()

    def _entries(self, bundle: Bundle) -> list[PayloadEntry]:
        sendable = [payload for payload in bundle.payloads.values() if payload.kind in _SENDABLE]
        sendable.sort(key=lambda one: _SENDABLE[one.kind])
        return [self._entry(bundle, payload) for payload in sendable]

    def _entry(self, bundle: Bundle, payload: PayloadDefinition) -> PayloadEntry:
        component = ""
        if (answering := bundle.answering.get(payload.name)) is not None:
            component = answering[0].name
        answer = payload.view_name or ""
        return {
            "name": payload.name,
            "kind": str(payload.kind),
            "component": component,
            "answer": f"list[{answer}]" if payload.view_is_many else answer,
            "description": inspect.cleandoc(payload.payload_type.__doc__ or "").partition("\n")[0],
            "version": self._version(payload),
        }

    def _version(self, payload: PayloadDefinition) -> int:
        known = self._versions.get(payload.name)
        if known is None or known[0] is not payload:
            known = self._versions[payload.name] = (payload, known[1] + 1 if known is not None else 1)
        return known[1]

    # -- intents -------------------------------------------------------------------------------------------------

    def receive(self, intent: Body, answer: Answer) -> None:
        """See ``Part.receive``."""
        try:
            asked = _INTENT.validate_python(intent, strict=True)
        except ValidationError as error:
            raise RecqError(f"the console knows no such intent: {error.errors()[0]['msg']}.") from None
        if asked["kind"] == "open_form":
            self._memory.selected = asked["name"]
            _, form, version = self._form(asked["name"])
            draft = self._memory.drafts.get(asked["name"])
            answer({"kind": "form", "name": asked["name"], "version": version, "root": form, "draft": draft})
        elif asked["kind"] == "check":
            answer(self._checked(asked["name"], self._check(asked)))
        elif asked["kind"] == "send":
            checked = self._check(asked)
            if checked.payload is None:
                answer(self._checked(asked["name"], checked))
                return
            kind = str(self._form(asked["name"])[0].kind)
            answer({"kind": "sent", "call": self._calls.send(checked.payload, kind, _cell(checked))})
        elif asked["kind"] == "give_up":
            self._calls.give_up(asked["call"])
            answer({"kind": "given_up", "call": asked["call"]})
        else:
            name = asked["name"]
            self._errands.run(lambda: self._ids(name), answer)

    def _form(self, name: str) -> tuple[PayloadDefinition, FormNode, int]:
        payload = self._host.bundle.payloads.get(name)
        if payload is None or payload.kind not in _SENDABLE:
            raise RecqError(f"{name} is no command or query of this model.", remedy="Define it, or choose another.")
        known = self._forms.get(name)
        if known is None or known[0] is not payload:
            known = self._forms[name] = (payload, form_of(payload.payload_type), self._version(payload))
        return known

    def _check(self, asked: CheckInput | SendInput) -> CheckedInput:
        payload, form, _ = self._form(asked["name"])
        self._memory.drafts[asked["name"]] = asked["draft"]
        return check_input(payload.payload_type, form, asked["input"], asked["branches"])

    @staticmethod
    def _checked(name: str, checked: CheckedInput) -> Body:
        return {"kind": "checked", "name": name, "problems": checked.problems, "source": _cell(checked)}

    def _ids(self, name: str) -> Body:
        answering = self._host.bundle.answering.get(name)
        known: list[str] = []
        stem = name
        if answering is not None and answering[0].kind is ComponentKind.AGGREGATE:
            stem = answering[0].name.removesuffix("Aggregate")
            known = [str(row[0]) for row in self._host.sql(_KNOWN_IDS, answering[0].name).rows()]
        return {"kind": "ids", "name": name, "known": known[:_MOST_IDS], "minted": minted(stem, known)}

    # -- the static twin -----------------------------------------------------------------------------------------

    def picture(self) -> Picture:
        """See ``Part.picture``."""
        entries = self._entries(self._host.bundle)
        if not entries:
            text = "No command or query yet: define one with %%recq_payload, then look here again."
            return Picture(f"<p>{escape(text)}</p>", text)
        rows = [(one["name"], one["kind"], one["component"] or "nothing handles it", one["answer"]) for one in entries]
        cells = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
        head = "".join(f"<th>{name}</th>" for name in ("command or query", "kind", "handled by", "answers with"))
        text = "\n".join(f"{name} ({kind}): {component}" for name, kind, component, _ in rows)
        return Picture(f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>", text)

    def close(self) -> None:
        """See ``Part.close``."""


def _cell(checked: CheckedInput) -> str:
    """The call as a code cell; ``""`` where there is no payload."""
    if checked.payload is None:
        return ""
    template = "await recq.query({})" if isinstance(checked.payload, Query) else "recq.send({})"
    return source_of(checked.payload).cell(template)


def minted(stem: str, known: list[str]) -> str:
    """A new id like the known ones: with their prefix, else with the capitals of the aggregate's name."""
    prefix = ""
    if known and "_" in known[0]:
        prefix = known[0].partition("_")[0]
    prefix = prefix or "".join(letter for letter in stem if letter.isupper()) or "ID"
    return f"{prefix}_{uuid4().hex[:10]}"
