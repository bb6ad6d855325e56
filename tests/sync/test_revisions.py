from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import BadRequest
from sync.revisions import Leaf, Tree, check_path, new_rev, order, parse, prolonged, tips

# A world of revisions in which every digest has one parent, one deletedness and one body, as digests promise.
DIGESTS = "abcdef"


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, tuple[str, bool]]:
    """Revision → (parent, deleted): a random forest of up to 12 revisions."""
    world: dict[str, tuple[str, bool]] = {}
    for _ in range(draw(st.integers(1, 12))):
        parent = draw(st.sampled_from(["", *world]))
        generation = int(parent.partition("-")[0] or 0) + 1
        rev = f"{generation}-{draw(st.sampled_from(DIGESTS))}"
        world.setdefault(rev, (parent, draw(st.booleans())))
    return world


def path_to(world: dict[str, tuple[str, bool]], rev: str, depth: int = 100) -> tuple[int, list[str]]:
    start, ids = int(rev.partition("-")[0]), []
    while rev and len(ids) < depth:
        ids.append(rev.partition("-")[2])
        rev = world[rev][0]
    return start, ids


def grafted(world: dict[str, tuple[str, bool]], revs: Iterable[str], depth: int = 100) -> Tree:
    tree = Tree({})
    for rev in revs:
        start, ids = path_to(world, rev, depth)
        tree = tree.graft(start, ids, deleted=world[rev][1], body=list(world).index(rev) + 1)
    return tree


@given(worlds(), st.data())
def test_the_order_in_which_paths_arrive_does_not_matter(
    world: dict[str, tuple[str, bool]], data: st.DataObject
) -> None:
    revs = data.draw(st.permutations(list(world)))
    assert grafted(world, revs) == grafted(world, world)


@given(worlds(), st.data())
def test_merging_is_commutative_associative_and_idempotent(
    world: dict[str, tuple[str, bool]], data: st.DataObject
) -> None:
    some = st.lists(st.sampled_from(list(world)), unique=True)
    a, b, c = (grafted(world, data.draw(some), data.draw(st.integers(1, 4))) for _ in range(3))
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(b).merge(b) == a.merge(b)
    assert a.merge(a) == a


@given(worlds())
def test_a_tree_agrees_with_the_plain_model(world: dict[str, tuple[str, bool]]) -> None:
    tree = grafted(world, world)
    parents = {parent for parent, _ in world.values()}
    leaves = [rev for rev in world if rev not in parents]
    best = max(leaves, key=lambda rev: (not world[rev][1], int(rev.partition("-")[0]), rev.partition("-")[2]))
    assert {leaf.rev for leaf in tree.leaves()} == set(leaves)
    assert tree.winner.rev == best
    assert set(tree.conflicts()) == {rev for rev in leaves if not world[rev][1] and rev != best}
    assert set(tree.deleted_conflicts()) == {rev for rev in leaves if world[rev][1] and rev != best}
    for rev in world:
        start, ids = path_to(world, rev)
        assert tree.ancestry(rev) == [f"{start - i}-{digest}" for i, digest in enumerate(ids)]
        assert tree.is_leaf(rev) == (rev in leaves)
        assert set(tree.heirs(rev)) == {leaf for leaf in leaves if rev in tree.ancestry(leaf)}


@given(worlds())
def test_text_tells_the_whole_tree(world: dict[str, tuple[str, bool]]) -> None:
    tree = grafted(world, world)
    assert Tree.load(tree.dump()) == tree
    assert Tree.load(tree.dump()).dump() == tree.dump()
    assert tips(tree.dump()) == {leaf.rev for leaf in tree.leaves()}


@given(worlds(), st.integers(1, 5))
def test_stemming_keeps_leaves_and_the_newest_of_each_line(world: dict[str, tuple[str, bool]], limit: int) -> None:
    tree = grafted(world, world)
    cut = tree.stem(limit)
    assert [leaf.rev for leaf in cut.leaves()] == [leaf.rev for leaf in tree.leaves()]
    for leaf in tree.leaves():
        assert cut.ancestry(leaf.rev)[:limit] == tree.ancestry(leaf.rev)[:limit]
    assert all(any(rev in tree.ancestry(leaf.rev)[:limit] for leaf in tree.leaves()) for rev in cut.nodes)


@given(worlds(), st.integers(1, 5), st.integers(1, 6), st.data())
def test_one_more_revision_is_told_without_taking_the_tree_apart(
    world: dict[str, tuple[str, bool]], limit: int, depth: int, data: st.DataObject
) -> None:
    tree, deleted = grafted(world, world).stem(limit), data.draw(st.booleans())
    start, ids = path_to(world, data.draw(st.sampled_from(list(world))), depth)
    start, ids = start + 1, [data.draw(st.sampled_from("ayz")), *ids]
    told = prolonged(tree.dump(), start, ids, deleted=deleted, body=99, limit=limit)
    whole = tree.graft(start, ids, deleted=deleted, body=99).stem(limit)
    bodies = {node.body for node in tree.nodes.values()} - {node.body for node in whole.nodes.values()}
    line = len(tree.leaves()) == 1 and len(tree.nodes) == len(tree.ancestry(tree.winner.rev))
    if told is not None:
        assert told[0] == whole.dump()
        assert set(told[1]) == bodies
    before = [f"{start - n}-{digest}" for n, digest in enumerate(ids)][1:]
    assert (told is not None) >= (line and before == tree.ancestry(tree.winner.rev))


@given(worlds(), st.data())
def test_missing_revisions_and_who_may_be_their_ancestors(
    world: dict[str, tuple[str, bool]], data: st.DataObject
) -> None:
    known = data.draw(st.lists(st.sampled_from(list(world)), min_size=1, unique=True))
    tree = grafted(world, known)
    absent, ancestors = tree.missing(world)
    assert absent == [rev for rev in world if rev not in tree.nodes]
    newest = max((int(rev.partition("-")[0]) for rev in absent), default=0)
    assert set(ancestors) == {leaf.rev for leaf in tree.leaves() if int(leaf.rev.partition("-")[0]) < newest}


def test_a_cut_history_is_joined_when_its_beginning_arrives() -> None:
    late = Tree.of_path(3, ["c", "b"], deleted=False, body=7)
    assert late.graft(1, ["a"], deleted=False, body=1).leaves() == [
        Leaf("3-c", deleted=False, body=7),
        Leaf("1-a", deleted=False, body=1),
    ]
    joined = late.graft(2, ["b", "a"], deleted=False, body=2)
    assert joined.ancestry("3-c") == ["3-c", "2-b", "1-a"]
    assert [leaf.rev for leaf in joined.leaves()] == ["3-c"]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (("1-a", False), ("9-z", True)),
        (("10-a", False), ("9-z", False)),
        (("2-b", False), ("2-a", False)),
        (("2-b", True), ("1-c", True)),
    ],
)
def test_the_winner_is_live_then_long_then_greater_as_text(better: tuple[str, bool], worse: tuple[str, bool]) -> None:
    assert order(better[0], deleted=better[1]) > order(worse[0], deleted=worse[1])


def test_contradictory_histories_leave_no_leaf_without_a_body() -> None:
    tree = Tree.of_path(2, ["b", "a"], deleted=False, body=1).graft(3, ["c", "b", "z"], deleted=False, body=2)
    assert [leaf.rev for leaf in tree.leaves()] == ["3-c"]


def test_equal_edits_get_equal_ids_and_others_do_not() -> None:
    base = new_rev(None, deleted=False, body=b"{}")
    assert base == new_rev(None, deleted=False, body=b"{}")
    assert parse(base)[0] == 1
    assert len(parse(base)[1]) == 32
    assert parse(new_rev(base, deleted=False, body=b"{}"))[0] == 2
    others = {
        base,
        new_rev(None, deleted=True, body=b"{}"),
        new_rev(None, deleted=False, body=b'{"a":1}'),
        new_rev(base, deleted=False, body=b"{}"),
        new_rev(None, deleted=False, body=b"{}", attachments=[("a", "text/plain", "md5-x")]),
        new_rev(None, deleted=False, body=b"{}", attachments=[("a", "image/png", "md5-x")]),
    }
    assert len(others) == 6
    pair = [("a", "text/plain", "md5-x"), ("b", "text/plain", "md5-y")]
    one, two = (new_rev(None, deleted=False, body=b"{}", attachments=each) for each in (pair, pair[::-1]))
    assert one == two


@pytest.mark.parametrize(
    "rev", ["", "1", "1-", "-a", "0-a", "01-a", "a-1", "1-a,b", "1-a;b", "1-*", "1-a:1", "1-é", None, 7]
)
def test_what_is_no_revision_id(rev: str) -> None:
    with pytest.raises(BadRequest):
        parse(rev)


@pytest.mark.parametrize(
    ("start", "ids"),
    [(1, []), (1, ["a", "b"]), (0, ["a"]), (2, ["a", ""]), (2, ["a", "b,c"]), ("2", ["a"]), (True, ["a"])],
)
def test_what_is_no_history(start: int, ids: list[str]) -> None:
    with pytest.raises(BadRequest):
        check_path(start, ids)
