"""What every resolver finds as `info.context`."""

from dataclasses import dataclass, field

from bff.app import App
from ddd.shared.application.access import Grant
from ddd.shared.domain.caller import Caller


@dataclass(slots=True)
class RequestContext:
    """One request's caller and the application that serves it.

    `grant` is set while the request runs inside a read
    scope: a hot read then joins that transaction, and otherwise pipelines its own.
    """

    caller: Caller
    app: App
    request_id: str
    grant: Grant | None = None
    #: What each place in the document selects below it, see `selected`. Kept with the document.
    selections: dict[tuple[object, ...], frozenset[str]] = field(default_factory=dict)
