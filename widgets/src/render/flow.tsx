/** The live sequence diagram. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { receiverOf } from "../layout/arrow.ts";
import { lanesOf } from "../layout/lanes.ts";
import type { Connection } from "../protocol/connection.ts";
import {
  type HopDetails,
  isFlowNews,
  isFlowSnapshot,
  isHopDetails,
  isMermaidText,
} from "../protocol/generated/flow.ts";
import { keyOf, type Shown, shownRows } from "../scene/flow_groups.ts";
import { accountedFor, EMPTY, type FlowScene, fromSnapshot, withNews } from "../scene/flow_scene.ts";
import { type Choice, choiceFor, EVERYTHING, isChosen, isEverything, kindsIn } from "../scene/flow_view.ts";
import { onJump } from "../scene/focus.ts";
import { copy } from "./clipboard.ts";
import { FlowBar } from "./flow_bar.tsx";
import { FlowDetails } from "./flow_details.tsx";
import { FlowDiagram } from "./flow_diagram.tsx";
import { FlowLegend } from "./flow_legend.tsx";
import { Notice, noticeOf } from "./notice.tsx";

type Props = { readonly connection: Connection; readonly part: string };

const useFlow = (connection: Connection, part: string, following: boolean) => {
  const [scene, setScene] = useState<FlowScene>(EMPTY);
  const [notice, setNotice] = useState<Notice | null>(null);
  const [known, setKnown] = useState(0);
  const live = useRef<FlowScene>(EMPTY);
  const follows = useRef(following);
  follows.current = following;
  useEffect(
    () =>
      connection.look(part, (body) => {
        if (isFlowSnapshot(body)) {
          live.current = fromSnapshot(body);
        } else if (isFlowNews(body)) {
          live.current = withNews(live.current, body);
        } else {
          setNotice(noticeOf(body));
          return;
        }
        if (follows.current) {
          setScene(live.current);
        } else {
          setKnown(accountedFor(live.current));
        }
      }),
    [connection, part],
  );
  useEffect(() => {
    if (following) {
      setScene(live.current);
    }
  }, [following]);
  return { scene, notice, waiting: following ? 0 : Math.max(known - accountedFor(scene), 0) };
};

/** What the kernel knows of a hop, while it is the one that is open. */
const useDetails = (connection: Connection, part: string, step: number | undefined) => {
  const [details, setDetails] = useState<HopDetails | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let left = false;
    setProblem("");
    if (step !== undefined) {
      connection.ask(part, { kind: "hop", step }).then(
        (body) => {
          if (!left) {
            isHopDetails(body) ? setDetails(body) : setProblem(noticeOf(body)?.text ?? "");
          }
        },
        (error: Error) => {
          if (!left) {
            setProblem(error.message);
          }
        },
      );
    }
    return () => {
      left = true;
    };
  }, [connection, part, step]);
  return { details: details?.step === step ? details : null, problem };
};

const toggled = (opened: ReadonlySet<string>, key: string): ReadonlySet<string> => {
  const changed = new Set(opened);
  if (!changed.delete(key)) {
    changed.add(key);
  }
  return changed;
};

export const Flow = ({ connection, part }: Props): JSX.Element => {
  const [following, setFollowing] = useState(true);
  const { scene, notice, waiting } = useFlow(connection, part, following);
  const [choice, setChoice] = useState<Choice>(EVERYTHING);
  const [asked, setAsked] = useState("");
  const [active, setActive] = useState("");
  const [detailed, setDetailed] = useState(false);
  const [room, setRoom] = useState(836);

  const rows = useMemo(() => shownRows(scene, choice), [scene, choice]);
  const everyLane = useMemo(() => lanesOf(scene, room), [scene, room]);
  const lanes = useMemo(() => {
    if (isEverything(choice)) {
      return everyLane;
    }
    const chosen = scene.rows.filter((row) => isChosen(row, choice));
    const { handledBy, sentAt, endedAt } = everyLane;
    return { ...lanesOf({ lifelines: scene.lifelines, rows: chosen }, room), handledBy, sentAt, endedAt };
  }, [scene, choice, everyLane, room]);
  const kinds = useMemo(() => kindsIn(scene), [scene]);
  const current = rows.find((row) => keyOf(row) === active);
  const hop = detailed && current?.type === "hop" ? current.hop : undefined;
  const { details, problem } = useDetails(connection, part, hop?.step);
  const first = choice.correlation ? rows.find((row) => row.type === "hop") : undefined;

  useEffect(() => onJump(connection.session, part, setAsked), [connection, part]);
  useEffect(() => {
    if (asked !== "" && scene !== EMPTY) {
      setChoice(choiceFor(asked, scene));
      setAsked("");
    }
  }, [asked, scene]);

  const move = (shown: Shown): void => {
    setActive(keyOf(shown));
    setFollowing(false);
  };
  const open = (shown: Shown): void => {
    move(shown);
    setDetailed(shown.type === "hop");
    if (shown.type === "group") {
      setChoice({ ...choice, opened: toggled(choice.opened, shown.key) });
    }
  };
  const close = (): void => {
    setDetailed(false);
    setActive("");
  };
  const copyMermaid = async (): Promise<void> => {
    const body = await connection.ask(part, { kind: "mermaid", correlation: choice.correlation });
    if (!isMermaidText(body)) {
      throw new Error(noticeOf(body)?.text ?? "the kernel did not answer");
    }
    await copy(body.text);
  };

  return (
    <div class="recq-flow">
      <FlowBar
        scene={scene}
        components={[...new Set([...everyLane.names.map((one) => one.name), choice.component])].filter(Boolean)}
        choice={choice}
        onChoose={setChoice}
        following={following}
        onFollow={setFollowing}
        onCopy={copyMermaid}
      />
      {notice ? <Notice notice={notice} /> : null}
      <FlowDiagram
        scene={scene}
        rows={rows}
        lanes={lanes}
        start={first?.type === "hop" ? first.hop.at : scene.start}
        following={following}
        active={active}
        onEverything={isEverything(choice) ? null : () => setChoice(EVERYTHING)}
        onRoom={setRoom}
        onMove={move}
        onOpen={open}
        onClose={close}
      >
        {hop ? (
          <FlowDetails
            hop={hop}
            receiver={receiverOf(hop, everyLane)}
            details={details}
            problem={problem}
            isOnlyFlow={choice.correlation === hop.correlation}
            onClose={close}
            onFlow={() => setChoice({ ...EVERYTHING, correlation: hop.correlation })}
          />
        ) : null}
      </FlowDiagram>
      <FlowLegend kinds={kinds} rows={rows.length} forgotten={scene.forgotten} waiting={waiting} />
    </div>
  );
};
