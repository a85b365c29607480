// The review sheet: statements in words, on which the signature is set.
import { h } from "../ui/dom.js";
import { language, moment, t } from "../ui/texts.js";
import { TECHNICAL, linesOf } from "./review.js";

/** @typedef {import("./review.js").Line} Line */
/** @typedef {{statement: Record<string, any>, withheld: Record<string, any>}} Composed */

/**
 * @param {Composed[]} composed in the order in which they are signed
 * @param {{lifecycle: any, nameOf: (org: string) => string, remarks?: (statement: Record<string, any>) => string[]}} telling
 *   `remarks`: what is to be said beside a statement, and is not part of it
 * @returns {HTMLElement}
 */
export function makeSheet(composed, { lifecycle, nameOf, remarks = () => [] }) {
  const told = composed.map(({ statement, withheld }) => ({
    statement,
    remarks: remarks(statement),
    lines: linesOf(statement, withheld, { language, nameOf, showTime, t }).map(withStep(lifecycle)),
  }));
  const [first, ...others] = told;
  const isBulk = others.length > 0 && others.every(({ statement }) => statement.type === first.statement.type);
  const sheets = isBulk
    ? bulk(told)
    : told.map(({ statement, lines, remarks: said }, at) => one(statement, lines, said, at, told.length, lifecycle));
  return h("div", { class: "sheets" }, sheets);
}

function one(statement, lines, remarks, at, count, lifecycle) {
  const title = stepName(statement.type, lifecycle);
  return h(
    "section",
    { class: "sheet", dataset: { type: statement.type, sub: statement.sub } },
    h("h3", {}, count > 1 ? t("%(at)s of %(count)s: %(step)s", { at: at + 1, count, step: title }) : title),
    list(lines.filter((line) => !isTechnical(line))),
    remarks.map((remark) => h("p", { class: "mark warn" }, remark)),
    technical(statement, lines.filter(isTechnical)),
  );
}

/** Many of one type: what all say alike is said once, and below it what each says by itself. */
function bulk(told) {
  const [first] = told;
  const key = ({ pointer, raw, isWithheld }) => JSON.stringify([pointer, raw, isWithheld]);
  const shared = new Set(
    first.lines.map(key).filter((line) => told.every(({ lines }) => lines.some((each) => key(each) === line))),
  );
  const all = first.lines.filter((line) => shared.has(key(line)));
  return [
    h(
      "section",
      { class: "sheet", dataset: { shared: "" } },
      h("h3", {}, t("For all %(count)s", { count: told.length })),
      list(all.filter((line) => !isTechnical(line))),
      h("details", {}, h("summary", {}, t("Technical")), list(all.filter(isTechnical))),
    ),
    h(
      "ol",
      { class: "list each" },
      told.map(({ statement, lines, remarks }) => {
        const own = lines.filter((line) => !shared.has(key(line)));
        return h(
          "li",
          { class: "card", dataset: { type: statement.type, sub: statement.sub } },
          list(own.filter((line) => !isTechnical(line))),
          remarks.map((remark) => h("p", { class: "mark warn" }, remark)),
          technical(statement, own.filter(isTechnical)),
        );
      }),
    ),
  ];
}

const isTechnical = ({ path }) => path.length === 1 && TECHNICAL.has(path[0]);

const list = (lines) =>
  h(
    "dl",
    {},
    lines.map((line) => [h("dt", {}, line.label), value(line)]),
  );

const value = ({ pointer, text, raw, isWithheld }) =>
  h(
    "dd",
    { dataset: { pointer, raw } },
    text,
    isWithheld ? h("span", { class: "kind" }, " ", t("(withheld: the log keeps its digest alone)")) : null,
  );

/** Where it stands in its chain, and every byte of it but the withheld digests, for whoever wants to look. */
const technical = (statement, lines) =>
  h(
    "details",
    {},
    h("summary", {}, t("Technical, and as it is signed")),
    list(lines),
    h("pre", { class: "letter", tabindex: "0" }, JSON.stringify(statement, null, 1)),
  );

const stepName = (type, lifecycle) => {
  const row = lifecycle?.rows.find((each) => each.type === type);
  return row ? row[language] : type;
};

const withStep = (lifecycle) => (line) =>
  line.pointer === "/type" ? { ...line, text: stepName(line.raw, lifecycle) } : line;

/** Both the time of the place and what is signed. */
const showTime = (text) => `${moment(text)} (${text})`;
