"""What a person is told of an error of the engine."""

from __future__ import annotations

from loomline.commands.main import said_by_engine

SENTENCE = "[TABLE_OR_VIEW_NOT_FOUND] The table `a` cannot be found. SQLSTATE: 42P01; line 1 pos 9"
PLAN = ";\n'Project [*]\n+- 'UnresolvedRelation [a], [], false\n"
STACK = (
    "\n\nJVM stacktrace:\norg.apache.spark.Exception\n\tat org.apache.spark.Some.call(Some.scala:1)"
)


def test_neither_plan_nor_stack_is_shown() -> None:
    assert said_by_engine(SENTENCE + PLAN + STACK) == SENTENCE
    assert said_by_engine(SENTENCE + STACK) == SENTENCE


def test_a_plain_sentence_stays_as_it_is() -> None:
    assert said_by_engine("it is; 'so'") == "it is; 'so'"
