from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    b=p.chromium.launch(executable_path="/usr/bin/chromium",args=["--no-sandbox","--disable-gpu","--disable-background-networking"])
    pg=b.new_page(); pg.on("request",lambda r:print(r.url) if "inter" in r.url else None)
    pg.goto("http://cordillera.localhost:8050/"); pg.wait_for_timeout(500)
    print(pg.evaluate("getComputedStyle(document.body).fontFamily"), pg.evaluate("[...document.fonts].map(f=>f.family+f.status+f.unicodeRange.slice(0,12)).join('|')"))
