"""Play the story against the mesh of a home, starting one for the time of the story when none runs."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console

from mesh.audit import Verdict, fetch_note, verify
from mesh.clients import credentials_of
from mesh.demo.cast import Cast
from mesh.demo.narrator import Narrator, expect
from mesh.demo.story import Story
from mesh.home import Home
from mesh.programs import CHECKOUT, process_environment
from mesh.refusal import CommandRefused
from mesh.roster import DEPLOYABLES
from mesh.supervisor import READY_WITHIN, wait_until_ready
from mesh.up import stop
from shared.ledger.checkpoint import Checkpoint, text_of_note
from shared.ledger.evidence import ChainEvidence
from shared.ledger.verifier import verify_chain
from shared.transport.peer import Peer

POLL: Final = 0.1
