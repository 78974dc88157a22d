"""The colour of each kind of payload and component: the only place, for every picture, report and widget of a model.

A picture that is kept does not know the page it will be shown on. So each colour stands out from white and from dark
grounds alike, by at least 3 : 1. Live widgets know their page and have lighter ones where it is dark. `make wire-types`
takes them into the widgets' style sheet.
"""

from __future__ import annotations

from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.payload_definition import PayloadKind

PAYLOAD_COLOURS: dict[PayloadKind, str] = {
    PayloadKind.DOMAIN_COMMAND: "#1e88e5",
    PayloadKind.SERVICE_COMMAND: "#d81b60",
    PayloadKind.DOMAIN_EVENT: "#dd6b00",
    PayloadKind.SERVICE_EVENT: "#e53935",
    PayloadKind.QUERY: "#a88400",
    PayloadKind.VIEW: "#43a047",
}
COMPONENT_COLOURS: dict[ComponentKind, str] = {
    ComponentKind.AGGREGATE: "#1e88e5",
    ComponentKind.SERVICE: "#e53935",
    ComponentKind.PROJECTION: "#2e7d32",
    ComponentKind.PROJECTOR: "#5e8f2f",
    ComponentKind.SAGA: "#ab47bc",
    ComponentKind.OBSERVER: "#00897b",
    ComponentKind.INVOKER: "#7d828c",
}
INVOCATION_COLOUR = "#7d828c"

COLOURS: dict[str, str] = {
    **{str(kind): colour for kind, colour in (*PAYLOAD_COLOURS.items(), *COMPONENT_COLOURS.items())},
    "invocation": INVOCATION_COLOUR,
}
"""By the name of the kind."""
DARK_COLOURS: dict[str, str] = {
    "domain command": "#42a5f5",
    "service command": "#f06292",
    "domain event": "#ffa726",
    "service event": "#ef5350",
    "query": "#e0b73a",
    "view": "#66bb6a",
    "aggregate": "#42a5f5",
    "service": "#ef5350",
    "projection": "#81c784",
    "projector": "#9ccc65",
    "saga": "#ba68c8",
    "observer": "#4db6ac",
    "invoker": "#9aa0a6",
    "invocation": "#9aa0a6",
}
"""The same for a page known to be dark."""
