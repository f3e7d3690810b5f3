# The Python that the checks run with; slim has all that the locked wheels need.
FROM python:3.11-slim-bookworm AS build

WORKDIR /app
RUN python -m venv .venv
COPY requirements.lock ./
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check \
    --only-binary :all: --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY dbt_project dbt_project
COPY ml ml
COPY reports reports
COPY scripts scripts
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm

RUN useradd --uid 10001 --create-home tillsight && install --directory --mode 700 --owner tillsight /data
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 TILLSIGHT_DATA_DIR=/data
WORKDIR /app
USER tillsight
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", \
    "import urllib.request as web; web.urlopen('http://127.0.0.1:8000/api/health', timeout=4)"]
# Refuses to begin without TILLSIGHT_API_SECRET, which belongs into the environment and no image.
CMD ["tillsight", "serve", "--host", "0.0.0.0"]
