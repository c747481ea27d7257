"""What a browser brings to an address of the 3DS Server, and the page it gets when it is not what belongs there."""

from collections.abc import Awaitable, Callable, Mapping

from acs_sim.gateway.forms.fields import FormRefused, read_posted
from acs_sim.gateway.pages.rendering import Pages
from threedsecure.web.serving.service import DEFAULT_LIMIT, Route, posted
from threedsecure.web.wire import FORM, WireRequest, WireResponse

TakesForm = Callable[[Mapping[str, str]], Awaitable[WireResponse]]


def browser_routes(
    pages: Pages, path: str, takes: TakesForm, fields: tuple[str, ...], limit: int = DEFAULT_LIMIT
) -> list[Route]:
    """The routes of an address that browsers post `fields` to. Any of them is enough; without one, the page names them all."""
    named = " or ".join(fields)

    async def taken(request: WireRequest) -> WireResponse:
        try:
            form = _form(request, fields, named)
        except FormRefused as refused:
            status = 400 if request.media_type == FORM else 415
            return pages.message("form-refused", "fr", status, details=refused.faults)
        return await takes(form)

    async def opened(_request: WireRequest) -> WireResponse:
        return pages.message("form-refused", "fr", 405, details=(f"{named}: a form is posted here",))

    return [posted(path, taken, limit), Route("GET", path, opened)]


def _form(request: WireRequest, fields: tuple[str, ...], named: str) -> Mapping[str, str]:
    """Errors: `FormRefused`."""
    if request.media_type != FORM:
        raise FormRefused(f"Content-Type: a form is posted as {FORM}")
    form = read_posted(request.body.decode("latin-1")).fields
    if not any(name in form for name in fields):
        raise FormRefused(f"{named}: missing")
    return form
