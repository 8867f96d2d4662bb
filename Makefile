# Every target is a verb of deploy/dev/run.py, which makes what it lacks. STATE=.local PORT=8000 ARGS=… PYTHON=python3; chaos: SEED=1 MINUTES=3
PYTHON ?= python3
STATE ?= $(CURDIR)/.local
PORT ?= 8000
export STATE PORT

.PHONY: demo test check bench chaos shots lock clean
demo test check bench chaos shots lock clean:
	@exec $(PYTHON) -m deploy.dev.run $@ $(ARGS)
