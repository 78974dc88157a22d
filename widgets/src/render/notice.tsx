/** What a widget has to say about itself: a problem in the kernel, or the end of its session. */
import type { JSX } from "preact";
import type { Body } from "../protocol/envelope.ts";

export type Notice = { readonly text: string; readonly remedy: string };

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

export const noticeOf = (body: Body): Notice | null => {
  if (body.kind === "problem") {
    return { text: textOf(body.text), remedy: textOf(body.remedy) };
  }
  if (body.kind === "closed") {
    return { text: "This session is closed; the picture is its last.", remedy: `Run ${textOf(body.call)} again.` };
  }
  return null;
};

export const Notice = ({ notice }: { readonly notice: Notice }): JSX.Element => (
  <p class="recq-problem" role="alert" data-testid="notice">
    {notice.text} {notice.remedy ? <span>→ {notice.remedy}</span> : null}
  </p>
);
