"""The validation report's files: page, PDF and findings, and how they are logged."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import mlflow
import pytest
from mlflow.tracking import MlflowClient
from reportlab.platypus import Paragraph
from reportlab.platypus import Table as PdfTable

from models.master_scale import load_master_scale
from models.registry import VALIDATION_REPORT, VALIDATION_REPORT_FILE
from models.validation_report.artifacts import log_validation_report, report_files
from models.validation_report.document import Document
from models.validation_report.findings import Findings, findings
from models.validation_report.pdf import story
from models.validation_report.sections import document
from models.validation_report.use_sections import fairness_section
from tests.unit.page_elements import PageElements
from tests.unit.validated_firms import (
    HOSTILE,
    SETTINGS,
    SUBJECT,
    features,
    groups,
    trained,
    training_set,
)


@pytest.fixture(scope="module")
def found(catalog: Path) -> Findings:
    scale = load_master_scale(catalog)
    return findings(trained(), training_set(), features(), SETTINGS, scale, groups())


@pytest.fixture(scope="module")
def report(found: Findings) -> Document:
    return document(found, SUBJECT)


@pytest.fixture(scope="module")
def files(found: Findings) -> dict[str, bytes]:
    return report_files(found, SUBJECT)


@pytest.fixture(scope="module")
def elements(files: dict[str, bytes]) -> PageElements:
    parsed = PageElements()
    parsed.feed(files["report.html"].decode())
    return parsed


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def texts_of(report: Document) -> list[str]:
    """Every text of a report, but what its charts say."""
    texts = [text for _, text in report.identity]
    for section in report.sections:
        texts += [section.title.english, section.title.chinese]
        texts += [section.introduction.english, section.introduction.chinese, *section.points]
        texts += [text for x in section.figures for text in (x.label.english, x.value, x.remark)]
        texts += [chart.title.english for chart in section.charts]
        for table in section.tables:
            texts += [table.title.english, table.note]
            texts += [x.heading.english for x in table.columns]
            texts += [cell for row in table.rows for cell in row]
    return texts


def plain_texts(parts: object) -> list[str]:
    """The texts of the paragraphs of a PDF, down into tables."""
    if isinstance(parts, Paragraph):
        return [parts.getPlainText(identify=True)]
    if isinstance(parts, PdfTable):
        return plain_texts(parts._cellvalues)
    inner = parts if isinstance(parts, list | tuple) else getattr(parts, "_content", [])
    return [text for part in inner for text in plain_texts(part)]


def test_the_same_findings_give_the_same_bytes(found: Findings, files: dict[str, bytes]) -> None:
    assert report_files(found, SUBJECT) == files


def test_the_same_model_and_firms_give_the_same_findings(found: Findings, catalog: Path) -> None:
    scale = load_master_scale(catalog)
    again = findings(trained(), training_set(), features(), SETTINGS, scale, groups())
    assert again == found


def test_the_page_says_everything_in_the_document(report: Document, elements: PageElements) -> None:
    said = squeezed(elements.text)
    for text in texts_of(report):
        assert squeezed(text) in said


def test_the_pdf_says_everything_in_the_document(report: Document) -> None:
    said = squeezed("".join(plain_texts(story(report))))
    for text in texts_of(report):
        assert squeezed(text) in said


def test_every_section_that_a_validator_asks_for_is_there(report: Document) -> None:
    assert [x.key for x in report.sections] == [
        *("summary", "data", "soundness", "discrimination", "calibration"),
        *("stability", "sensitivity", "benchmark", "fairness", "limits"),
    ]


def test_a_hostile_name_is_a_text_and_the_page_asks_for_nothing_from_outside(
    elements: PageElements, files: dict[str, bytes]
) -> None:
    assert squeezed(HOSTILE.replace("\x07", "")) in squeezed(elements.text.replace("\x07", ""))
    assert not {"script", "img", "iframe", "object", "link"} & set(elements.names)
    names = {name for name, _ in elements.attributes}
    assert not {name for name in names if name.startswith("on")} and "src" not in names
    links = [value or "" for name, value in elements.attributes if name in ("href", "xlink:href")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert "@import" not in files["report.html"].decode()


def test_links_lead_to_an_anchor_that_exists_once(elements: PageElements) -> None:
    anchors = [value for name, value in elements.attributes if name == "id"]
    assert len(anchors) == len(set(anchors))
    links = {value for name, value in elements.attributes if name in ("href", "xlink:href")}
    assert links <= {f"#{anchor}" for anchor in anchors}


def test_the_pdf_is_whole_and_tells_no_time(files: dict[str, bytes]) -> None:
    pdf = files["report.pdf"]
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type /Page\b", pdf)) >= 5
    assert set(re.findall(rb"/(?:Creation|Mod)Date \(D:(\d{4})", pdf)) <= {b"2000"}


def test_the_findings_are_plain_json_with_the_figures_of_the_report(
    found: Findings, files: dict[str, bytes]
) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    content = json.loads(files["findings.json"], parse_constant=refuse)
    assert content["subject"]["training_set_sha256"] == SUBJECT.training_set_sha256
    grades = content["findings"]["calibration"]["grades"]
    assert [x["jeffreys_p"] for x in grades] == [x.jeffreys_p for x in found.calibration.grades]
    assert content["findings"]["benchmarks"]["champion"]["value"] == found.area.value


def test_nothing_known_of_groups_is_said_plainly(catalog: Path) -> None:
    scale = load_master_scale(catalog)
    found = findings(trained(), training_set(), features(), SETTINGS, scale, None)
    fairness = fairness_section(found)
    for name in ("region", "trade"):
        assert any(x.startswith(f"By {name}: not available.") for x in fairness.points)
    assert [x.title.english for x in fairness.tables] == ["By size"]


def test_a_run_keeps_the_files_and_the_hash_of_the_very_page(
    files: dict[str, bytes], catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A real store, which needs no tables to be made first.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri((tmp_path / "mlflow").as_uri())
    client = MlflowClient()
    location = (tmp_path / "artifacts").as_uri()
    experiment = client.create_experiment("validation", artifact_location=location)
    scale = load_master_scale(catalog)
    with mlflow.start_run(experiment_id=experiment) as run:
        tags = log_validation_report(
            *(trained(), training_set(), features(), SETTINGS, scale, groups(), SUBJECT)
        )
    kept = client.get_run(run.info.run_id)
    page = Path(client.download_artifacts(run.info.run_id, VALIDATION_REPORT_FILE)).read_bytes()
    assert kept.data.tags[VALIDATION_REPORT] == hashlib.sha256(page).hexdigest()
    assert tags == {VALIDATION_REPORT: hashlib.sha256(page).hexdigest()}
    logged = {x.path for x in client.list_artifacts(run.info.run_id, "validation")}
    assert logged == {f"validation/{name}" for name in files}
    assert page == files["report.html"]
    mlflow.set_tracking_uri(before)
