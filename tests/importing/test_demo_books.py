import time
from pathlib import Path
import pytest
from saas.book import import_book
from tests.world import NOW
DATA = Path("deploy/dev/data")
@pytest.mark.parametrize("name",["inmobiliaria_cordillera","inmobiliaria_del_rio"])
def test_try(alfa,name):
    for _ in range(2):
        t=time.perf_counter(); r=import_book(DATA/f"{name}.xlsx",agency=alfa,dry_run=False,now=NOW); d=time.perf_counter()-t
        print(r.summary(), r.rows_in/d)
        for s in r.sheets.values(): print(s.name,s.rows_in,s.created,s.updated,s.unchanged,s.rejected)
        for p in r.problems: print(p.kind,p)
