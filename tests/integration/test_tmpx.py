import os, signal, httpx
from order_management.processes import wait_until
from tests.integration.test_serve import House, copy
def test_x(copy):
    h = House(copy, DJANGO_SETTINGS_MODULE="order_management.settings")
    def ready():
        try: return httpx.get(f"http://127.0.0.1:{h.port}/readyz").status_code
        except Exception: return 0
    assert wait_until(lambda: ready()==200, 40)
    def tok():
        return httpx.post(f"http://127.0.0.1:{h.port}/accounts/api/token/", data={"username":"x","password":"y"}).status_code
    print([tok() for _ in range(6)])
    pg = h.postgres()
    os.kill(pg, signal.SIGKILL)
    print("readyz after", [ready() for _ in range(3)])
    wait_until(lambda: h.postgres() not in (0,pg), 20)
    print("back", wait_until(lambda: ready()==200 and ready()==200 and ready()==200, 10), [ready() for _ in range(5)])
    print([tok() for _ in range(6)])
    h.stop()
    print(h.said()[-6000:])
    assert 0
