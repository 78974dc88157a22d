"""The colour of each kind of payload and component, the same in every picture of a model."""

from __future__ import annotations

from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.payload_definition import PayloadKind

PAYLOAD_COLOURS: dict[PayloadKind, str] = {
    PayloadKind.DOMAIN_COMMAND: "#1e88e5",
    PayloadKind.SERVICE_COMMAND: "#d81b60",
    PayloadKind.DOMAIN_EVENT: "#f57c00",
    PayloadKind.SERVICE_EVENT: "#e53935",
    PayloadKind.QUERY: "#c9a100",
    PayloadKind.VIEW: "#43a047",
}
COMPONENT_COLOURS: dict[ComponentKind, str] = {
    ComponentKind.AGGREGATE: "#1e88e5",
    ComponentKind.SERVICE: "#e53935",
    ComponentKind.PROJECTION: "#2e7d32",
    ComponentKind.PROJECTOR: "#7cb342",
    ComponentKind.SAGA: "#8e24aa",
    ComponentKind.OBSERVER: "#30363d",
    ComponentKind.INVOKER: "#8a8f98",
}
INVOCATION_COLOUR = "#8a8f98"
