"""What an import did, row by row, in words for the person at the terminal. It names doors, never people or phones."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from server.households.schemas import MARKS
from server.register.observations import Level, Observation
from server.register.planning import Act

_TITLES: Final = {
    Level.REFUSED: "没有导入的行（改好后重新导入这个文件即可，已导入的不会重复）：",
    Level.PARTIAL: "已导入、但缺一项的行：",
    Level.NOTE: "请留意：",
}


@dataclass(slots=True)
class Report:
    """The counts of an import. Every row with content is in exactly one of the counts from ``new`` to ``members``."""

    file: str = ""
    dry_run: bool = False
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    duplicates: int = 0
    """Rows that repeated a door with nothing that contradicts; merged into the first."""
    members: int = 0
    """Rows of family members, in registers with one row per person."""
    refused: int = 0
    kept: int = 0
    """Values that a person has edited since and that the register did not overwrite."""
    remarks: int = 0
    """Households whose remark says more than difficulty marks; that is not imported."""
    mixed_estates: dict[str, int] = field(default_factory=dict)
    """Buildings by number that stand under several estates' names, with the first row that shows it."""
    areas: list[str] = field(default_factory=list)
    """Names of the buildings and doors that were created."""
    observations: list[Observation] = field(default_factory=list)
    doors: list[str] = field(default_factory=list)
    """For a dry run: what would happen to each row."""

    @property
    def rows(self) -> int:
        """How many rows had content."""
        return self.new + self.changed + self.unchanged + self.duplicates + self.members + self.refused

    @property
    def exit_code(self) -> int:
        """0: every row is in. 1: some rows were refused. 2: none could be imported."""
        if not self.refused:
            return 0 if self.rows else 2
        return 1 if self.rows > self.refused else 2

    def observe(self, observation: Observation) -> None:
        """Add an observation."""
        self.observations.append(observation)

    def refuse(self, observation: Observation) -> None:
        """Add an observation about a row that is not imported, and count the row."""
        self.refused += 1
        self.observations.append(observation)

    def tally(self, act: Act) -> None:
        """Count what happened to one household. One that was erased on request is counted by :meth:`refuse`."""
        match act:
            case Act.NEW:
                self.new += 1
            case Act.CHANGED:
                self.changed += 1
            case Act.UNCHANGED:
                self.unchanged += 1
            case Act.ERASED:
                pass

    def sort(self) -> None:
        """Put the observations in the order of the file."""
        self.observations.sort(key=lambda each: (each.sheet, each.row, each.column.index if each.column else -1))

    def lines(self) -> Iterator[str]:
        """Yield the report line by line: first each row that needs a hand, in the file's order, then the counts."""
        yield from self.doors
        for level, title in _TITLES.items():
            some = [each for each in self.observations if each.level is level]
            if some:
                yield title
                yield from (f"  {each}" for each in some)
        for building, row in self.mixed_estates.items():
            yield (
                f"{building}号楼写在了不同的小区名下（从第 {row} 行起），已当作同一座楼；如果不是，"
                f"请管理员先分别建好（如“安乐里{building}号楼”）再导入。"
            )
        if self.remarks:
            yield (
                f"有 {self.remarks} 户的备注还写了别的内容，没有导入：备注只认"
                f"{'、'.join(MARKS.values())}，其他个人情况不收。"
            )
        yield self._summary()
        if self.dry_run:
            yield "这是试运行，什么都没有写入。去掉 --dry-run 再运行一次就会导入。"
        elif self.refused:
            yield "请在原表里改好上面“没有导入”的行，再导入一次同一个文件。"

    def _summary(self) -> str:
        would = "将" if self.dry_run else ""
        parts = [
            f"{would}新建 {self.new} 户",
            f"{would}更新 {self.changed} 户",
            f"不变 {self.unchanged} 户",
            f"重复合并 {self.duplicates} 行",
            f"没有导入 {self.refused} 行",
        ]
        if self.members:
            parts.insert(4, f"家庭成员 {self.members} 行")
        if self.areas:
            parts.append(f"{would}新建楼和楼门 {len(self.areas)} 个")
        if self.kept:
            parts.append(f"走访时改过、未覆盖 {self.kept} 项")
        return f"{self.file}：共 {self.rows} 行。" + "，".join(parts) + "。"
