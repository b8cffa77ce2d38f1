"""Reads one export with the library that its users have, and prints what it found, as JSON.

check.py openmetrics FILE   Prometheus' own OpenMetrics parser: samples by family
check.py parquet FILE       pyarrow and DuckDB: rows, column types, median per case, and the metadata
check.py markdown FILE      GitHub's own renderer of Markdown (cmark-gfm): what became of it
check.py junit FILE         the rules of Jenkins' schema: how the tests ended
check.py hyperfine FILE     what hyperfine's scripts do with it: Welch's t-test of the first two

It ends with 1 if the export is not what its format asks for.
"""

import collections
import html.parser
import json
import re
import statistics
import sys
import xml.etree.ElementTree


def openmetrics(path):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    with open(path, encoding="utf-8", newline="\n") as file:
        families = list(text_string_to_metric_families(file.read()))
    return {
        family.name: {
            "type": family.type,
            "unit": family.unit,
            "samples": [[sample.labels, sample.value] for sample in family.samples],
        }
        for family in families
    }


def parquet(path):
    import duckdb
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    medians = duckdb.execute(
        """select plugin, "case", median(wall_ns_per_iteration), count(*) from read_parquet(?)
           where process_outcome = 'ok' group by all order by all""",
        [path],
    ).fetchall()
    rows = duckdb.execute("select count(*) from read_parquet(?)", [path]).fetchone()[0]
    assert rows == table.num_rows, (rows, table.num_rows)
    metadata = table.schema.metadata or pyarrow.parquet.read_metadata(path).metadata
    return {
        "rows": rows,
        "columns": {field.name: str(field.type) for field in table.schema},
        "medians": medians,
        "first": {name: column[0].as_py() for name, column in zip(table.column_names, table.columns)} if rows else None,
        "run": metadata[b"dyno.run"].decode(),
        "cases": json.loads(metadata[b"dyno.cases"]),
    }


class Page(html.parser.HTMLParser):
    """The elements of a page, and its text outside of code, where GitHub makes links of it."""

    def __init__(self):
        super().__init__()
        self.elements = collections.Counter()
        self.open = []
        self.prose = []

    def handle_starttag(self, tag, attributes):
        self.elements[tag] += 1
        if tag not in ("br", "img", "hr", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> within {self.open}"
        self.open.pop()

    def handle_data(self, text):
        if "code" not in self.open:
            self.prose.append(text)


def markdown(path):
    import cmarkgfm

    with open(path, encoding="utf-8", newline="\n") as file:
        text = file.read()
    # GitHub counts characters and renders raw HTML, which it cleans afterwards.
    options = cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE
    page = Page()
    page.feed(cmarkgfm.github_flavored_markdown_to_html(text, options))
    page.close()
    assert not page.open, f"{page.open} is not closed"
    assert len(text) <= 65536, f"{len(text)} characters"
    known = {"h2", "p", "strong", "em", "code", "br", "ul", "li", "details", "summary"}
    known |= {"table", "thead", "tbody", "tr", "th", "td"}
    assert set(page.elements) <= known, f"a stranger made {set(page.elements) - known}"
    prose = " ".join(page.prose)
    assert not any(c in prose for c in "@#"), f"a mention or reference in {prose!r}"
    return {"characters": len(text), "elements": page.elements, "prose": prose.split()}


# What junit-10.xsd of Jenkins' xUnit plugin has of each element that is written: required
# attributes, others, children.
JUNIT = {
    "testsuites": ("", "name time tests failures errors", "testsuite"),
    "testsuite": (
        "name tests failures errors",
        "group time skipped timestamp hostname id package file log url",
        "testsuite properties testcase system-out system-err",
    ),
    "properties": ("", "", "property"),
    "property": ("name value", "", ""),
    "testcase": ("name", "time classname group", "skipped error failure system-out system-err"),
    "failure": ("", "type message", ""),
    "error": ("", "type message", ""),
    "skipped": ("", "type message", ""),
    "system-out": ("", "", ""),
}
SUREFIRE_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def junit(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    assert root.tag == "testsuites", root.tag
    for element in root.iter():
        required, others, children = map(str.split, JUNIT[element.tag])
        given = set(element.attrib)
        assert set(required) <= given <= {*required, *others}, (element.tag, given)
        assert {child.tag for child in element} <= set(children), element.tag
        if element.tag != "testcase" and "time" in given:
            assert SUREFIRE_TIME.fullmatch(element.get("time")), element.get("time")
    total = collections.Counter()
    for suite in root:
        ended = collections.Counter(ending(test) for test in suite.iter("testcase"))
        assert int(suite.get("tests")) == sum(ended.values()), ended
        assert int(suite.get("failures")) == ended["failure"], ended
        assert int(suite.get("errors")) == ended["error"], ended
        assert int(suite.get("skipped")) == ended["skipped"], ended
        total += ended
    assert int(root.get("tests")) == sum(total.values()), total
    return total


def ending(test):
    found = [child.tag for child in test if child.tag != "system-out"]
    assert len(found) <= 1, found
    return found[0] if found else "passed"


def hyperfine(path):
    # As welch_ttest.py of hyperfine's scripts does with two results.
    from scipy import stats

    with open(path, encoding="utf-8") as file:
        results = json.load(file)["results"]
    for result in results:
        times = result["times"]
        assert len(times) == len(result["exit_codes"])
        assert abs(statistics.fmean(times) - result["mean"]) <= 1e-12 * result["mean"]
        assert statistics.median(times) == result["median"]
        assert (min(times), max(times)) == (result["min"], result["max"])
    ended = {"commands": [result["command"] for result in results]}
    if len(results) > 1:
        test = stats.ttest_ind(results[0]["times"], results[1]["times"], equal_var=False)
        ended |= {"t": float(test.statistic), "p": float(test.pvalue)}
    return ended


if __name__ == "__main__":
    readers = {read.__name__: read for read in (openmetrics, parquet, markdown, junit, hyperfine)}
    print(json.dumps(readers[sys.argv[1]](*sys.argv[2:]), default=str))
