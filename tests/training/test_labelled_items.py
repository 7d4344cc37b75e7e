"""The classes of a served project's items, counted as labels come."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from zoobridge.training.annotations import Annotation, ChosenBy
from zoobridge.training.service._labelled_items import LabelledItems

LABELS = st.lists(
    st.tuples(st.sampled_from("pqrs"), st.sampled_from("abc"), st.sampled_from(["Ada", "Bo"])),
    max_size=12,
)


def annotation(digest, label, annotator):
    return Annotation(
        digest=digest,
        path=digest,
        label=label,
        region="",
        group="",
        annotator=annotator,
        time="",
        chosen_by=ChosenBy.RANDOM,
    )


@given(LABELS)
def test_each_class_counts_the_items_that_someone_last_gave_it(labels):
    made = [annotation(*one) for one in labels]
    rows = {(one.digest, one.annotator): one for one in made}
    items = LabelledItems(made)
    expected = Counter(label for _, label in {(one.digest, one.label) for one in rows.values()})
    assert {one.label: one.items for one in items.counts()} == dict(expected)
    assert len(items) == len({one.digest for one in made})
    for digest in "pqrs":
        own = [one for one in rows.values() if one.digest == digest]
        assert items.last(digest) == (own[-1] if own else None)
        assert (digest in items) == bool(own)
