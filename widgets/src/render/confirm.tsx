/** Asks before something is lost or done again. The safe answer has the focus, and Escape gives it. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

type Props = {
  readonly question: string;
  readonly verb?: string;
  readonly refusal?: string;
  readonly onYes: () => void;
  readonly onNo: () => void;
};

export const Confirm = ({ question, verb = "Yes", refusal = "Cancel", onYes, onNo }: Props): JSX.Element => {
  const no = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    no.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
      }
    };
  }, []);
  return (
    <div
      class="recq-confirm"
      role="alertdialog"
      aria-label={question}
      data-testid="confirm"
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.preventDefault();
          event.stopPropagation();
          onNo();
        }
      }}
    >
      <p>{question}</p>
      <button type="button" ref={no} onClick={onNo} data-testid="confirm-no">
        {refusal}
      </button>
      <button type="button" class="recq-confirm-yes" onClick={onYes} data-testid="confirm-yes">
        {verb}
      </button>
    </div>
  );
};
