"""The widget: hosts parts, sends their frames to every page that looks, and hands them their readers' intents."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar, cast
from uuid import uuid4

import anywidget
import traitlets
from pydantic import TypeAdapter, ValidationError

from recq_nb.errors import RecqError
from recq_nb.modeling.legible_text import legible
from recq_nb.widgets.bundle import LOADER, bundle_digest, bundle_names, bundle_text
from recq_nb.widgets.errand import problem_of
from recq_nb.widgets.frame_pump import FramePump
from recq_nb.widgets.live_comm import make_live
from recq_nb.widgets.page import Page
from recq_nb.widgets.part import Answer, Part, Picture
from recq_nb.widgets.protocol.envelope import Body, Frame, Intent
from recq_nb.widgets.static_twin import StaticTwin
from recq_nb.widgets.wire_body import sendable_body

_INTENT = TypeAdapter(Intent)
_MIME = "application/vnd.jupyter.widget-view+json"
SHARE = 0.05
"""Of one core, what feeding a widget may take: after frames that cost much it rests, so that a burst of messages gives
fewer and not more of them."""
LONGEST_REST_SECONDS = 0.15
MOST_PAGES = 64
"""Pages that are fed; the one that came first goes, and is asked to say hello again if it is still there."""
T = TypeVar("T")


class RecqWidget(anywidget.AnyWidget):
    """A live picture of a session.

    What travels when it is shown is a small loader and the static picture; the module that draws is asked for once per
    page. Intents arrive on whatever thread the kernel gives them.

    Args:
        parts: The pictures it shows.
        pump: What feeds it while a page looks.
        bundle: Name of the module that draws it; that of its part by default.
        session: What all widgets of one session have in common, for jumps between them.
        ended: Called once it shows nothing new any more.
    """

    bundle = traitlets.Unicode().tag(sync=True)
    digests = traitlets.Dict().tag(sync=True)
    session = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)
    parts = traitlets.List(traitlets.Unicode()).tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)
    live = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(
        self,
        parts: Sequence[Part],
        pump: FramePump,
        bundle: str = "",
        session: str = "",
        ended: Callable[[RecqWidget], None] | None = None,
    ) -> None:
        self._esm = bundle_text(LOADER)
        self._hosted = {part.name: part for part in parts}
        self._pump = pump
        self._ended = ended or _nothing_to_do
        self._pages: dict[str, Page] = {}
        self._sending = threading.RLock()
        self._frames = 0
        self._rested_at = 0.0
        self._due: dict[str, float] = {}
        self._closed = False
        self._twin: StaticTwin | None = None
        self._last = self._picture()
        name = bundle or parts[0].name
        super().__init__(
            bundle=name,
            digests={one: bundle_digest(one) for one in {name, *(bundle_names() & self._hosted.keys())}},
            session=session,
            parts=[part.name for part in parts],
            key=uuid4().hex,
            picture=self._last.html,
        )
        self.live = make_live(self.comm)
        self.on_msg(self._arrived)

    # -- frames --------------------------------------------------------------------------------------------------

    @property
    def watched(self) -> bool:
        """Whether a page looks at it."""
        return bool(self._pages)

    def feed(self) -> bool:
        """Send what is new to all pages; False once none looks. The pump's thread calls it."""
        with self._sending:
            now = time.monotonic()
            self._pages = {name: page for name, page in self._pages.items() if not page.is_gone(now)}
            if not self._pages or self._closed:
                return False
            if now >= self._rested_at and all(page.is_ready(now) for page in self._pages.values()):
                started = time.thread_time()
                for name in sorted({part for page in self._pages.values() for part in page.looks_at}):
                    part = self._hosted[name]
                    if now < self._due.get(name, 0.0):
                        continue
                    body = self._guarded(part.delta)
                    self._due[name] = now + part.rest_seconds
                    if body is not None:
                        self._send_frame(name, body)
                self._rested_at = now + min((time.thread_time() - started) / SHARE, LONGEST_REST_SECONDS)
            return True

    def _send_frame(self, part: str, body: Body, to: str | None = None, answers: int | None = None) -> None:
        with self._sending:
            if self._closed:
                return
            self._frames += 1
            now = time.monotonic()
            for name, page in self._pages.items():
                if to is None or to == name:
                    page.sent(self._frames, now)
            frame: Frame = {"frame": self._frames, "part": part, "to": to, "answers": answers, "body": body}
            try:
                self.send(frame)
            except ValueError:  # a lone surrogate or a number that JSON has no word for, which is rare
                self.send(frame | {"body": sendable_body(body)})

    def _guarded(self, make: T) -> Body | None:
        try:
            return cast("Body | None", make())  # type: ignore[operator]  # a bound method without parameters
        except Exception as error:  # noqa: BLE001  border: a picture that fails says so and stops nothing else
            return problem_of(error)

    # -- intents -------------------------------------------------------------------------------------------------

    def _arrived(self, _widget: object, content: object, _buffers: object) -> None:
        try:
            intent = _INTENT.validate_python(content, strict=True)
        except ValidationError as error:
            self._send_frame("", problem_of(RecqError(f"a page sent what is no intent: {error.errors()[0]['msg']}")))
            return
        try:
            self._receive(intent)
        except Exception as error:  # noqa: BLE001  border: the Intent receiver; shown in the widget
            self._send_frame(intent["part"], problem_of(error), intent["page"], intent["intent"])

    def _receive(self, intent: Intent) -> None:
        page_name, part_name, body = intent["page"], intent["part"], intent["body"]
        kind = body.get("kind")
        if kind == "code":
            self._send_frame("", self._code(body.get("bundle", self.bundle)), page_name, intent["intent"])
            return
        if kind == "ack":
            self._acknowledged(page_name, body.get("frame"))
            return
        part = self._hosted.get(part_name)
        if part is None:
            raise RecqError(f"this widget has no part {part_name!r}.")
        if kind == "hello":
            self._hello(page_name, part, intent["intent"])
        elif kind == "bye":
            self._bye(page_name, part_name)
        else:
            part.receive(body, self._answer(intent))

    def _code(self, wanted: object) -> Body:
        if not isinstance(wanted, str) or wanted not in self.digests:
            raise RecqError(f"this widget has no module {wanted!r}.")
        return {"kind": "code", "text": bundle_text(wanted)}

    def _acknowledged(self, page_name: str, frame: object) -> None:
        with self._sending:
            page = self._pages.get(page_name)
            if page is None:  # given up while it was hidden
                self._send_frame("", {"kind": "again"}, page_name)
            elif isinstance(frame, int):
                page.acknowledged(frame, time.monotonic())

    def _bye(self, page_name: str, part_name: str) -> None:
        with self._sending:
            page = self._pages.get(page_name)
            if page is not None:
                page.looks_at.discard(part_name)
                if not page.looks_at:
                    del self._pages[page_name]

    def _hello(self, page_name: str, part: Part, number: int) -> None:
        with self._sending:
            page = self._pages.setdefault(page_name, Page(time.monotonic(), self._frames))
            if len(self._pages) > MOST_PAGES:
                del self._pages[next(iter(self._pages))]
            if any(part.name in other.looks_at for other in self._pages.values()):
                news = self._guarded(part.delta)  # whoever looks already misses nothing
                if news is not None:
                    self._send_frame(part.name, news)
            page.looks_at.add(part.name)
            snapshot = self._guarded(part.snapshot)
            assert snapshot is not None
            self._send_frame(part.name, snapshot, page_name, number)
        self._pump.attach(self)

    def _answer(self, intent: Intent) -> Answer:
        return lambda body: self._send_frame(intent["part"], body, intent["page"], intent["intent"])

    # -- the static twin, and the end ----------------------------------------------------------------------------

    def _picture(self) -> Picture:
        pictures = []
        for part in self._hosted.values():
            try:
                pictures.append(part.picture())
            except RecqError as error:
                pictures.append(Picture("", str(error)))
        html, text = "".join(one.html for one in pictures), "\n".join(one.text for one in pictures)
        return Picture(legible(html), legible(text))

    def current_picture(self) -> Picture:
        """The static twin as of now, which pages that show it without its module are given, too."""
        with self._sending:
            if not self._closed:
                self._last = self._picture()
                self.picture = self._last.html
            return self._last

    def _view(self) -> dict[str, object]:
        return {_MIME: {"version_major": 2, "version_minor": 0, "model_id": self.model_id}}

    def _ipython_display_(self, **_kwargs: object) -> None:
        if self._twin is None:
            self._twin = StaticTwin(self)
        self._twin.show(self._view())

    def _repr_mimebundle_(self, **_kwargs: object) -> tuple[dict[str, object], dict[str, object]]:
        picture = self.current_picture()
        return {"text/plain": picture.text, "text/html": picture.html, **self._view()}, {}

    def __repr__(self) -> str:
        return self.current_picture().text

    def end(self) -> None:
        """Tell the pages that the session is closed, keep the last picture, and let go of everything."""
        with self._sending:
            if self._closed:
                return
            self.current_picture()
            for name in self._hosted:
                self._send_frame(name, {"kind": "closed", "call": f"recq.{self.bundle}()"})
            self._closed = True
            self._pages.clear()
        self._pump.detach(self)
        if self._twin is not None:
            self._twin.renew()
            self._twin.end()
        for part in self._hosted.values():
            part.close()
        self._ended(self)
        # A page may go on showing this widget; nothing of the session lives on with it.
        self._hosted, self._ended = {}, _nothing_to_do

    def close(self) -> None:
        """Close the comm, too: nothing of it is left in the page or the kernel."""
        self.end()
        layout = self.layout  # a widget of its own, which ipywidgets leaves open
        super().close()
        if layout is not None:
            layout.close()


def _nothing_to_do(_widget: RecqWidget) -> None:
    """Nobody wants to know that it has ended."""
