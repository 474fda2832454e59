"""What callers run in an image: `docker run` lines and Kubernetes manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.callers.index import read_index
from gorewrite.callers.model import bare_image
from gorewrite.callers.runcalls import runs
from gorewrite.callers.running import Service
from gorewrite.evidence import Evidence

POD = """apiVersion: v1
kind: Pod
spec:
  containers:
    - name: web
      image: {image}
      {line}
    - name: store
      image: postgres:16
      command: ["bash"]
"""


def ran(top: Path, **files: str) -> list[tuple[str, ...]]:
    """The words of everything that is run in the image of `top`/Dockerfile."""
    (top / "Dockerfile").write_text("FROM golang:1.24\n")
    for name, text in files.items():
        path = top / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = runs(top / "Dockerfile", read_index(top), ())
    return [
        line.words
        for run in found
        for line in (run.entrypoint, run.command, run.healthcheck)
        if line is not None
    ]


@pytest.mark.parametrize(
    ("lines", "paths"),
    [
        ("docker create --name x shop\n\tdocker cp x:/src/a .", ["/src/a"]),
        ("id=$$(docker create shop) && docker cp $$id:/src/a .", ["/src/a"]),
        ('docker cp "$$(docker create shop)":/src/a .', ["/src/a"]),
        ("docker run --name x shop serve\n\tdocker cp -a x:/data ./data", ["/data"]),
        ("docker create --name x other\n\tdocker cp x:/src/a .", []),
        ("docker create --name x shop\n\tdocker cp a x:/src/a", []),
        ("docker cp $$(docker create other):/src/a .", []),
        (
            "docker run -e TZ=Asia/Tokyo --env=GODEBUG=netdns=cgo -e PORT=1 shop",
            ["TZ=Asia/Tokyo", "GODEBUG=netdns=cgo"],
        ),
    ],
)
def test_paths_and_variables_of_a_container(tmp_path: Path, lines: str, paths: list[str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM golang:1.24\n")
    (tmp_path / "Makefile").write_text(f"image:\n\tdocker build -t shop .\n\t{lines}\n")
    found = runs(tmp_path / "Dockerfile", read_index(tmp_path), ())
    assert [named.text for run in found for named in run.environment] == paths


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("docker run --rm -p 80:80 shop", []),
        ("docker run -d -p $(P):80 shop > /dev/null", []),
        ("docker run shop export --all >out.csv 2>> log 2>&1", [("export", "--all")]),
        ("docker run --rm shop:dev migrate up", [("migrate", "up")]),
        ("docker run --name shop shop go test ./...", [("go", "test", "./...")]),
        ("docker run -it shop bash", [("CMD", "bash")]),
        ("docker run --entrypoint sh shop -c 'a | b; c'", [("sh",), ("-c", "a | b; c")]),
        ("docker run --entrypoint=/bin/ls shop", [("/bin/ls",)]),
        ("docker exec shop cat /etc/hosts", [("CMD", "cat", "/etc/hosts")]),
        ("podman run shop serve && docker run other sh", [("serve",)]),
        ("docker run golang go version", []),
        ("docker run golang go build ./shop", []),
        ("docker run -v /src/shop:/src/shop -w /src/shop golang go build -o shop .", []),
        ("docker run registry.example.com:5000/shop migrate", [("migrate",)]),
        ("docker run --user $$(id -u):$$(id -g) shop migrate", [("migrate",)]),
        ("docker run -w/data -u1000 -eA=b -p80:80 shop migrate", [("migrate",)]),
        ("docker run --strange shop migrate", [("migrate",)]),
        ("docker run $(OPTIONS) shop migrate", [("migrate",)]),
        (
            "docker run --health-cmd 'curl -f localhost || exit 1' shop",
            [("CMD-SHELL", "curl -f localhost || exit 1")],
        ),
        ("docker exec $$(docker ps -qf name=shop) ls", [("CMD", "ls")]),
        ("docker exec -w / $$(docker-compose ps -q shop) ls", [("CMD", "ls")]),
        ("docker exec $$(docker ps -q) ls", []),
        ("sh -c 'cd /tmp && docker run shop ls | wc'", [("ls",)]),
        ('x="$$(docker run shop version)"', [("version",)]),
        ('@echo "docker run shop sh -c ls"', []),
        ('ssh host "docker run shop sh -c \\"ls\\""', [("sh", "-c", "ls")]),
        ("docker run shop 'unclosed", []),
        ("x=$$(docker run shop version)", [("version",)]),
        ("kubectl exec -it deploy/shop -- sh -c 'ls | wc'", [("CMD", "sh", "-c", "ls | wc")]),
        (
            "kubectl exec shop-7d9fb6c5d4-x2x -c shop -- cat /etc/hosts",
            [("CMD", "cat", "/etc/hosts")],
        ),
        ("kubectl exec shop-db-0 -- psql", []),
        ("kubectl exec -it shop-0 /bin/sh", [("CMD", "/bin/sh")]),
        ("kubectl exec -it other-0 sh", []),
        ("kubectl cp -n x shop-7d9fb6c5d4-x2x:/data/a.db ./a.db", [("CMD", "tar")]),
        ("kubectl cp ./a.db x/shop-0:/data/a.db -c shop", [("CMD", "tar")]),
        ("kubectl cp ./shop other-0:/data/a.db", []),
        ("kubectl exec other -- sh", []),
        ("kubectl run t --rm --image=example.com/shop:1 -- migrate", []),
        ("kubectl run t --rm --image shop:1 -- migrate", [("migrate",)]),
        ("kubectl run t --image=shop --command -- /bin/sh", [("/bin/sh",)]),
        ("kubectl run t --image=busybox -- sh", []),
    ],
)
def test_docker_run(tmp_path: Path, line: str, words: list[tuple[str, ...]]) -> None:
    assert ran(tmp_path, Makefile=f"a:\n\tdocker build -t shop .\nb:\n\t{line}\n") == words


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "package.json",
            '{"scripts": {\n  "sh": "docker run --rm shop sh -c \\"ls -l\\"",\n  "x": ""\n}}',
        ),
        ("a.py", 'run(["docker", "run", "--rm", "shop", "sh", "-c", "ls -l"], check=True)'),
        (
            "a.py",
            "run([\n  'docker',\n  'run',\n  IMAGE, f'shop',\n  'sh', '-c', 'ls -l'\n])",
        ),
        ("a.py", "os.system('docker run shop sh -c \"ls -l\"')"),
        ("magefile.go", 'sh.RunV("docker", "run", "shop", "sh", "-c", "ls -l")'),
        ("e2e/a.bats", "@test x {\n  run docker run shop sh -c 'ls -l'\n}"),
        ("Jenkinsfile", "sh 'docker run shop sh -c \"ls -l\"'"),
        (".github/workflows/a.yml", "- run: \"docker run shop sh -c 'ls -l'\""),
    ],
)
def test_commands_in_files_of_other_languages(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "Makefile").write_text("a:\n\tdocker build -t shop .\n")
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    assert ran(tmp_path) == [("sh", "-c", "ls -l")]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("-p ${{ vars.PORT }}:${{ vars.PORT }} ${{ secrets.OWNER }}/shop:${{ github.sha }}", []),
        ("-p ${{ vars.PORT }}:80 ${{secrets.OWNER}}/shop:dev migrate up", [("migrate", "up")]),
        ("${{ secrets.OTHER || 'x' }}/shop:dev migrate up", [("migrate", "up")]),
        ("${{ secrets.OTHER || 'x' }}/store:dev migrate up", []),
    ],
)
def test_expressions_of_workflows(tmp_path: Path, run: str, words: list[tuple[str, ...]]) -> None:
    """They have blanks in them, and are one word."""
    text = f"""\
jobs:
  all:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: .
          tags: ${{{{ secrets.OWNER }}}}/shop:${{{{ github.sha }}}},example.com/shop:1
      - run: docker run --rm {run}
"""
    assert ran(tmp_path, _github__workflows__a_yml=text) == words
    (call,) = read_index(tmp_path).building(tmp_path / "Dockerfile")
    assert call.tags == ("${{ secrets.OWNER }}/shop", "example.com/shop")


def test_image_named_by_variables(tmp_path: Path) -> None:
    text = "a:\n\tdocker build -t $(IMAGE):$(TAG) .\nb:\n\tdocker run ${IMAGE}:$(TAG) help\n"
    assert ran(tmp_path, Makefile=text) == [("help",)]


def test_containers_of_the_image(tmp_path: Path) -> None:
    text = """#!/bin/bash
IMAGE=shop
docker build -t "$IMAGE:dev" .
docker run -d --name web ${IMAGE}:dev
docker run -d --name=store postgres
docker exec web ls /
docker exec -it store psql
id=$(docker run -d "$IMAGE:dev" serve)
docker exec $id wget -q localhost
"""
    assert ran(tmp_path, run_sh=text) == [
        ("CMD", "ls", "/"),
        ("serve",),
        ("CMD", "wget", "-q", "localhost"),
    ]


@pytest.mark.parametrize(
    ("options", "mounts"),
    [
        ("-v $(PWD):/app", [("", "/app")]),
        ("-v $(CURDIR)/data:/data:ro", [("data", "/data")]),
        ("--volume=`pwd`:/app", []),
        ('-v "$$(pwd)":/app', [("", "/app")]),
        ("--mount type=bind,source=./web,target=/web", [("web", "/web")]),
        ("--mount type=volume,source=web,target=/web", []),
        ("-v data:/data", []),
    ],
)
def test_mounts(tmp_path: Path, options: str, mounts: list[tuple[str, str]]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM golang:1.24\n")
    (tmp_path / "Makefile").write_text(
        f"a:\n\tdocker build -t shop .\n\tdocker run {options} shop\n"
    )
    found = [m for s in runs(tmp_path / "Dockerfile", read_index(tmp_path), ()) for m in s.mounts]
    assert [(m.target, m.host) for m in found] == [(t, tmp_path / h) for h, t in mounts]


def test_service_of_compose_that_names_the_image(tmp_path: Path) -> None:
    text = "services: {web: {image: 'x/shop:1', container_name: till}, a: {image: x/other}}\n"
    recipe = "docker build -t shop .\n\tdocker exec till ls\n\tdocker compose exec web env\n"
    words = ran(
        tmp_path,
        compose_yaml=text,
        Makefile=f"a:\n\t{recipe}\tdocker compose exec a ls\n",
    )
    assert words == [("CMD", "ls"), ("CMD", "env")]


def test_container_of_compose_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM golang:1.24\n")
    (tmp_path / "Makefile").write_text("a:\n\tdocker exec -it till ls\n")
    named = Service("web", tmp_path, Evidence("", 1, ""), container="till")
    (found,) = runs(tmp_path / "Dockerfile", read_index(tmp_path), (named,))
    assert found.healthcheck and found.healthcheck.words == ("CMD", "ls")


def test_other_dockerfile_names_other_image(tmp_path: Path) -> None:
    text = "a:\n\tdocker build -f other.Dockerfile -t shop .\nb:\n\tdocker run shop help\n"
    assert ran(tmp_path, Makefile=text) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('command: ["/bin/sh", "-c", "x"]', [("/bin/sh", "-c", "x")]),
        ('args: ["--port", "80"]', [("--port", "80")]),
        ('livenessProbe: {exec: {command: ["cat", "/ok"]}}', [("CMD", "cat", "/ok")]),
        ('lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}', [("CMD", "sleep", "5")]),
        ('args: ["{{ .Values.port }}"]', []),
        ("ports: []", []),
    ],
)
def test_pod(tmp_path: Path, line: str, words: list[tuple[str, ...]]) -> None:
    pod = POD.format(image="registry.example.com/shop:1", line=line)
    assert ran(tmp_path, k8s__pod_yaml=pod) == words


CHART = """{{- /* A chart,
  over two lines. */ -}}
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      {{- with .Values.securityContext }}
      securityContext: {{ toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.tag | default .Chart.AppVersion }}"
          {{- if .Values.debug }}
          command: ["sh", "-c", "sleep 1"]
          {{- else }}
          command: ["/shop"]
          {{- end }}
          args: ["--port={{ .Values.port }}", "--name={{ include "shop.name" . }}"]
          livenessProbe: {exec: {command: [check, "{{ .Values.port }}"]}}
"""


def test_chart(tmp_path: Path) -> None:
    values = "port: 80\nimage:\n  repository: example.com/acme/shop\n"
    words = ran(
        tmp_path,
        Makefile="a:\n\tdocker build -t shop .\n",
        deploy__chart__values_yaml=values,
        deploy__chart__templates__deployment_yaml=CHART,
    )
    assert words == [
        ("sh", "-c", "sleep 1"),
        ("--port=80", "--name=⟨template⟩"),
        ("CMD", "check", "80"),
    ]


def test_steps_of_cloud_build(tmp_path: Path) -> None:
    text = """\
steps:
- name: gcr.io/cloud-builders/docker
  args: [build, -t, gcr.io/$PROJECT_ID/shop, .]
- name: gcr.io/$PROJECT_ID/shop
  entrypoint: sh
  args: [-c, ls]
- name: gcr.io/$PROJECT_ID/shop
  script: ls -l
"""
    assert ran(tmp_path, cloudbuild_yaml=text) == [("sh",), ("-c", "ls"), ("CMD-SHELL", "ls -l")]


def test_values_beside_those_of_the_chart(tmp_path: Path) -> None:
    words = ran(
        tmp_path,
        Makefile="a:\n\tdocker build -t shop .\n",
        chart__values_yaml="image:\n  repository: example.com/acme/shop\n",
        chart__values_prod_yaml="image:\n  tag: '2'\nargs: [-v]\n",
        chart__values_other_yaml="other:\n  args: [-w]\n",
    )
    assert words == [("-v",)]


def test_chart_that_makes_the_name_of_the_image(tmp_path: Path) -> None:
    template = """\
kind: Deployment
apiVersion: apps/v1
spec:
  containers:
    - name: {{ .Chart.Name }}
      image: {{ include "image" . }}
      args: [-v]
    - name: proxy
      image: envoy
      args: [-w]
"""
    words = ran(
        tmp_path,
        Makefile="a:\n\tdocker build -t shop .\n",
        charts__shop__templates__deployment_yaml=template,
    )
    assert words == [("-v",)]


def test_chart_without_its_values(tmp_path: Path) -> None:
    assert ran(tmp_path, deploy__chart__templates__deployment_yaml=CHART) == []


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (
            "chart__values_yaml",
            "image: {registry: example.com, repository: shop}\ncommand: [/shop]\nargs: [serve]\n",
            [("/shop",), ("serve",)],
        ),
        (
            "k8s__job_yaml",
            "apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: "
            "{containers: [{image: shop, args: [clean]}]}}}}}\n",
            [("clean",)],
        ),
        (
            "k8s__workflow_yaml",
            "apiVersion: argoproj.io/v1alpha1\nspec: {templates: [{script: {image: shop, command: "
            "[sh]}}, {container: {image: shop, args: [run]}}]}\n",
            [("sh",), ("run",)],
        ),
        (
            "k8s__task_yaml",
            "apiVersion: tekton.dev/v1\nspec: {steps: [{image: shop, script: make test}]}\n",
            [("CMD-SHELL", "make test")],
        ),
        (
            "_gitlab-ci_yml",
            "check:\n  image: shop:$CI_COMMIT_SHA\n  script: [shop version, ls]\n",
            [("CMD-SHELL", "shop version\nls")],
        ),
        (
            "_github__workflows__ci_yaml",
            "on: push\njobs:\n  a:\n    container: shop\n    steps: [{run: 'echo ${{ a }}'}]\n"
            "  b:\n    services: {s: {image: 'shop:1', options: --health-cmd 'curl -f x'}}\n",
            [("CMD-SHELL", "tail -f /dev/null\necho x"), ("CMD-SHELL", "curl -f x")],
        ),
        (
            "_circleci__config_yml",
            "jobs:\n  a:\n    docker: [{image: 'x/shop:1'}, {image: postgres}]\n"
            "    steps: [checkout, {run: ls}, {run: {name: b, command: env}}]\n",
            [("CMD-SHELL", "tail -f /dev/null\nls\nenv")],
        ),
        (
            "azure-pipelines_yml",
            "jobs:\n- job: a\n  container: x/shop:1\n  steps: [{script: ls}]\n",
            [("CMD-SHELL", "tail -f /dev/null\nls")],
        ),
        (
            "ecs__task-definition_json",
            '{"containerDefinitions": [\n\t{"image": "shop:1", "entryPoint": ["/shop"], '
            '"command": ["run"],\n\t"healthCheck": {"command": ["CMD-SHELL", "curl x"]}}]}',
            [("/shop",), ("run",), ("CMD-SHELL", "curl x")],
        ),
        (
            "nomad__shop_nomad",
            'job "s" {\n group "g" {\n  task "t" {\n   config {\n    image = "shop:1"\n'
            '    command = "run"\n    args = ["-v"]\n   }\n  }\n }\n}\n',
            [("run", "-v")],
        ),
        (
            "units__shop_container",
            "[Container]\nImage=shop:1\nExec=run -v\nHealthCmd=curl x\n",
            [("run", "-v"), ("CMD-SHELL", "curl x")],
        ),
        (
            "units__shop_service",
            "[Service]\nExecStart=/usr/bin/docker run --rm shop run -v\n",
            [("run", "-v")],
        ),
        (
            "nomad__group_nomad",
            'job "s" {\n group "g" {\n  service {\n   check {\n    type = "script"\n'
            '    command = "/bin/check"\n   }\n  }\n  task "t" {\n   config {\n'
            '    image = "shop:1"\n   }\n   template {\n    change_script {\n'
            '     command = "/bin/kill"\n     args = ["-HUP", "1"]\n    }\n   }\n  }\n }\n}\n',
            [("CMD", "/bin/kill", "-HUP", "1"), ("CMD", "/bin/check")],
        ),
        (
            "config__deploy_yml",
            "service: a\nimage: x/shop\nservers: {web: {hosts: [h], cmd: run -v}}\n"
            "healthcheck: {cmd: curl x}\n",
            [("run", "-v"), ("CMD-SHELL", "curl x")],
        ),
        (
            "infra__pod_tf",
            'resource "kubernetes_pod" "a" {\n spec {\n  container {\n   image = "x/shop"\n'
            '   args = ["run"]\n   liveness_probe {\n    exec {\n     command = ["ls"]\n    }\n'
            "   }\n  }\n }\n}\n",
            [("run",), ("CMD", "ls")],
        ),
        (
            "infra__engine_tf",
            'resource "docker_container" "a" {\n name = "shop"\n image = docker_image.a.name\n'
            ' entrypoint = ["sh"]\n healthcheck {\n  test = ["CMD", "ls"]\n }\n}\n',
            [("sh",), ("CMD", "ls")],
        ),
        (
            "infra__task_tf",
            'resource "aws_ecs_task_definition" "a" {\n container_definitions = <<JSON\n'
            '[{"name": "shop", "image": "${var.image}", "cpu": ${var.cpu}, "command": ["run"]}]\n'
            "JSON\n}\n",
            [("run",)],
        ),
        (
            "infra__module_tf",
            'module "a" {\n container_definitions = {\n  shop = {\n   image = "x/shop:1"\n'
            '   health_check = { command = ["CMD-SHELL", "curl x"] }\n  }\n }\n}\n',
            [("CMD-SHELL", "curl x")],
        ),
        (
            "infra__ecs__shop_json_tpl",
            '[{"name": "shop", "image": "${image}:${tag}", "cpu": ${cpu}, "command": ["run"]}]\n',
            [("run",)],
        ),
        (
            "Dockerrun_aws_json",
            '{"containerDefinitions": [{"name": "a", "image": "x/shop", "command": ["run"]}]}\n',
            [("run",)],
        ),
        (
            "roles__a__tasks__main_yml",
            "- docker_container:\n    name: a\n    image: 'x/shop:{{ v }}'\n    command: run -v\n"
            "    healthcheck: {test: curl x}\n",
            [("run", "-v"), ("CMD-SHELL", "curl x")],
        ),
        (
            "k8s__kustomization_yaml",
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
            "patchesStrategicMerge:\n- |-\n  spec: {containers: [{name: shop, args: [run]}]}\n"
            "patches:\n- target: {name: shop}\n  patch: |-\n    - op: add\n"
            "      path: /spec/containers/0/args\n      value: [-v]\n    - op: add\n"
            "      path: /metadata/labels\n      value: {a: b}\n",
            [("-v",), ("run",)],
        ),
        ("k8s__crd_yaml", "apiVersion: v1\nproperties: {image: {type: string}, args: [a]}\n", []),
        ("k8s__odd_yaml", "apiVersion: v1\nimage: shop\nargs: [a, {b: c}]\n: : :\n", []),
        ("other__thing_yaml", "image: shop\nscript: {a: b}\n", []),
    ],
)
def test_manifests(tmp_path: Path, file: str, text: str, words: list[tuple[str, ...]]) -> None:
    assert ran(tmp_path, Makefile="a:\n\tdocker build -t shop .\n", **{file: text}) == words


def test_names_that_are_guessed_count_near_only(tmp_path: Path) -> None:
    """The directory's name tells an image in its own manifests, not in those of another."""
    pod = POD.format(image="example.com/api:1", line="args: [x]")
    for place in ("shop/api/k8s", "stock/api/k8s"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "pod.yaml").write_text(pod.replace("[x]", f"[{place[:4]}]"))
    (tmp_path / "shop/api/Dockerfile").write_text("FROM golang:1.24\n")
    found = runs(tmp_path / "shop/api/Dockerfile", read_index(tmp_path), ())
    assert [run.command and run.command.words for run in found] == [("shop",)]


def test_pods_of_several_images_are_told_by_name(tmp_path: Path) -> None:
    pods = {
        f"k8s__{name}_yaml": POD.format(image=f"example.com/{name}:1", line=f"args: [{name}]")
        for name in ("shop", "stock")
    }
    assert ran(tmp_path, go_mod="module example.com/acme/stock/v2\n", **pods) == [("stock",)]


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("shop", "shop"),
        ("localhost:5000/shop:1", "localhost:5000/shop"),
        ("shop@sha256:00", "shop"),
        ("$(NAME):$(TAG)", "${NAME}"),
        ("${NAME:-shop}:1", "${NAME:-shop}"),
    ],
)
def test_bare_image(name: str, bare: str) -> None:
    assert bare_image(name) == bare


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I := shop\na:\n\tdocker build -t shop .\n\tdocker run $(I) serve\n", [("serve",)]),
        ("I ?= $(R)/shop\na:\n\tdocker build -t $(I):1 .\n\tdocker run $(I):2 ls\n", [("ls",)]),
        ("I := other\na:\n\tdocker build -t shop .\n\tdocker run $(I) serve\n", []),
    ],
)
def test_variables_of_make(tmp_path: Path, text: str, words: list[tuple[str, ...]]) -> None:
    assert ran(tmp_path, Makefile=text) == words


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("$CI_REGISTRY_IMAGE:$CI_COMMIT_SHA", [("CMD-SHELL", "go test")]),
        ("${CI_REGISTRY_IMAGE}", [("CMD-SHELL", "go test")]),
        ("$CI_REGISTRY_IMAGE/other:1", []),
        ("$OTHER", []),
    ],
)
def test_job_in_an_image_with_a_name_of_variables(
    tmp_path: Path, image: str, words: list[tuple[str, ...]]
) -> None:
    build = "a:\n  image: docker:27\n  script: [docker build -t $CI_REGISTRY_IMAGE:1 .]\n"
    text = f"{build}b:\n  image: {image}\n  script: [go test]\n"
    (tmp_path / "Dockerfile").write_text("FROM golang:1.24\n")
    (tmp_path / ".gitlab-ci.yml").write_text(text)
    index = read_index(tmp_path, ["Dockerfile", ".gitlab-ci.yml"])
    found = runs(tmp_path / "Dockerfile", index, ())
    assert [run.healthcheck.words for run in found if run.healthcheck is not None] == words
