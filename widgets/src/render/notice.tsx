/** What a widget has to say about itself: a problem in the kernel, or the end of its session. */
import type { JSX } from "preact";
import { isClosed, isProblem } from "../protocol/generated/envelope.ts";
import { isSuperseded } from "../protocol/generated/events.ts";
import type { Body } from "../protocol/guard.ts";

export type Notice = { readonly text: string; readonly remedy: string };

/** What a body says that is no news: for whatever a widget's guards have not taken. */
export const noticeOf = (body: Body): Notice | null => {
  if (isProblem(body)) {
    return { text: body.text, remedy: body.remedy };
  }
  if (isClosed(body)) {
    return { text: "This session is closed; the picture is its last.", remedy: `Run ${body.call} again.` };
  }
  if (isSuperseded(body)) {
    return null;
  }
  return {
    text: `The kernel sent something this page cannot read (“${body.kind}”).`,
    remedy: "Reload the page; restart the kernel if recq_nb was just upgraded.",
  };
};

export const Notice = ({ notice }: { readonly notice: Notice }): JSX.Element => (
  <p class="recq-problem" role="alert" data-testid="notice">
    {notice.text} {notice.remedy ? <span>→ {notice.remedy}</span> : null}
  </p>
);
