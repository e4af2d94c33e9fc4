"""What every part of the gateway stands on: the database, its one writer, the keys, the procedure."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import Engine

from gateway.adapters.claims import Claims
from gateway.adapters.desk import SqlDesk
from gateway.adapters.ledger import begin_ledger, lock_head
from gateway.adapters.memory import RowMemory
from gateway.adapters.notices import NoticeWriter
from gateway.adapters.schema import METADATA
from shared.kernel.clock import Clock
from shared.kernel.identifiers import IdFactory, Uuid7Factory
from shared.seal.keys import AgencyKeys
from shared.sop.loader import load_sop
from shared.sop.model import Sop
from shared.storage.engine import close_engine, open_engine
from shared.storage.group_commit import GroupWriter
from shared.storage.history import prepare


@dataclass(frozen=True, slots=True)
class Core:
    """What every part of the gateway stands on."""

    engine: Engine
    writer: GroupWriter[SqlDesk]
    claims: Claims
    keys: AgencyKeys
    clock: Clock
    ids: IdFactory
    sop: Sop

    def close(self) -> None:
        """Finish what is queued and let go of the database."""
        self.claims.close()
        self.writer.close()
        close_engine(self.engine)


def open_records(database_url: str, *, keys: AgencyKeys, clock: Clock) -> Core:
    """Open the database and its writer.

    Raises `InternalFault` or `InputRejected` when something is not as it must be.
    """
    ids = Uuid7Factory(clock)
    procedure = load_sop()
    engine = open_engine(database_url)
    prepare(engine, METADATA)
    begin_ledger(engine)
    open_desk = partial(
        SqlDesk,
        clock=clock,
        sop=procedure,
        memory=RowMemory(),
        notices=NoticeWriter(ids=ids, key=keys.signing),
    )
    writer = GroupWriter(engine, open_desk=open_desk, on_begin=lock_head)
    claims = Claims(engine, writer=writer, clock=clock)
    return Core(engine=engine, writer=writer, claims=claims, keys=keys, clock=clock, ids=ids, sop=procedure)
