//! What `--fix` writes, judged by others: Kubernetes' own schemas, and a reader of YAML that is not ours.
//!
//! Both come with the Python package kubernetes-validate, which `scripts/test` installs.

use std::path::Path;
use std::process::Command;

use crate::harness::{Room, project};

/// Runs a script in the environment of kubernetes-validate.
#[track_caller]
fn python(folder: &Path, script: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(project().join("target/kubernetes/bin/python3"));
    command.args(["-c", script]).args(arguments).current_dir(folder);
    let output = command.output().expect("scripts/test installs kubernetes-validate");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The pods, each as the lines of its spec.
const PODS: [(&str, &str); 13] = [
    ("plain", "containers:\n- name: web\n  image: nginx:1.27\n"),
    (
        "commented",
        "# what it runs\ncontainers:   # in this order\n  # the first\n  - name: web   # nginx\n    image: \"nginx:1.27\" # pinned\n\n    # its port\n    ports:\n      - containerPort: 80 # plain\n\n  # the second\n  - image: 'memcached:1'\n    name: cache\n# and no more\n",
    ),
    (
        "mounted",
        "volumes:\n- name: run\n  emptyDir: {medium: Memory}\n- name: cache\n  hostPath:\n    path: /srv/cache\n    type: Directory\ncontainers:\n- name: web\n  image: nginx:1.27\n  volumeMounts:\n  - mountPath: /var/run\n    name: run\n  - {name: cache, mountPath: /var/lib/x, readOnly: true}\n",
    ),
    (
        "privileged",
        "containers:\n- name: web\n  image: nginx:1.27\n  securityContext:\n    privileged: true # for now\n    runAsUser: 0\n    capabilities:\n      drop: [ALL]\n",
    ),
    (
        "escalating",
        "containers:\n- name: web\n  securityContext: {allowPrivilegeEscalation: true, readOnlyRootFilesystem: false}\n  image: nginx:1.27\n",
    ),
    (
        "empty",
        "volumes:\ncontainers:\n- name: web\n  image: nginx:1.27\n  securityContext:\n  volumeMounts:\n",
    ),
    (
        "initial",
        "initContainers:\n# fetches\n- name: fetch\n  image: nginx:1.27\n- name: sidecar\n  image: corp/app:1\n  restartPolicy: Always\ncontainers:\n- name: web\n  image: corp/app:1\n  securityContext: {runAsUser: 101}\n",
    ),
    (
        "flow",
        "containers: [{name: web, image: nginx:1.27, args: []}, {name: cache, image: \"memcached:1\", ports: [{containerPort: 1}]}] # both\n",
    ),
    (
        "texts",
        "containers:\n- name: web\n  image: nginx:1.27\n  env:\n  - name: A\n    value: |\n      a: b # no comment\n\n      c\n  - name: B\n    value: >-\n      folded\n      text\n  args:\n  - \"a\\\n    b\"\n  - '- c: #'\n",
    ),
    (
        "unknown",
        "containers:\n- name: app\n  image: corp/unknown:1\n- name: data\n  image: mysql:8\n- name: web\n  image: nginx:1.27\n",
    ),
    (
        "mixed",
        "containers:\n- {image: nginx:1.27, name: first}\n- name: web\n  image: nginx:1.27\n  volumeMounts:\n  - {name: mine, mountPath: /var/cache/nginx}\nvolumes:\n- {name: mine, emptyDir: {}}\n# end\n",
    ),
    ("windows", "os: {name: windows}\ncontainers:\n- name: web\n  image: nginx:1.27\n"),
    (
        "right",
        "containers:\n- name: cache\n  image: memcached:1\n  securityContext:\n    readOnlyRootFilesystem: true\n    allowPrivilegeEscalation: false\n",
    ),
];

/// Kinds, their versions, what stands before their pod template, and how deep that is.
const KINDS: [(&str, &str, &str, usize); 9] = [
    ("Pod", "v1", "", 0),
    ("PodTemplate", "v1", "template:\n", 1),
    ("ReplicationController", "v1", "spec:\n  replicas: 2\n  template:\n    metadata: {labels: {a: b}}\n", 2),
    (
        "Deployment",
        "apps/v1",
        "spec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n",
        2,
    ),
    (
        "ReplicaSet",
        "apps/v1",
        "spec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n",
        2,
    ),
    (
        "DaemonSet",
        "apps/v1",
        "spec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n",
        2,
    ),
    (
        "StatefulSet",
        "apps/v1",
        "spec:\n  serviceName: s\n  selector: {matchLabels: {a: b}}\n  volumeClaimTemplates:\n  - metadata: {name: data}\n    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n  template:\n    metadata: {labels: {a: b}}\n",
        2,
    ),
    ("Job", "batch/v1", "spec:\n  template:\n", 2),
    (
        "CronJob",
        "batch/v1",
        "spec:\n  schedule: \"0 * * * *\"\n  jobTemplate:\n    spec:\n      template:\n",
        4,
    ),
];

/// Lines, each of them deeper.
fn deeper(text: &str, by: usize) -> String {
    let line =
        |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{}{line}\n", "  ".repeat(by)) };
    text.lines().map(line).collect()
}

/// A manifest of a kind with a pod.
fn manifest((kind, version, before, depth): (&str, &str, &str, usize), (name, pod): (&str, &str)) -> String {
    let metadata = format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n");
    format!("{metadata}{before}{}{}", deeper("spec:\n", depth), deeper(pod, depth + 1))
}

/// Every kind with every pod, the examples, and files of several objects and of other forms.
fn manifests(room: &Room) {
    std::fs::create_dir(room.path("in")).unwrap();
    let write = |name: &str, text: &str| room.write(&format!("in/{name}"), text);
    for kind in KINDS {
        for pod in PODS {
            write(&format!("{}-{}.yaml", kind.0, pod.0), &manifest(kind, pod));
        }
    }
    for entry in std::fs::read_dir(project().join("examples/manifests")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, room.path("in").join(path.file_name().unwrap())).unwrap();
    }
    let several: Vec<String> = KINDS.iter().zip(PODS).map(|(kind, pod)| manifest(*kind, pod)).collect();
    write("several.yaml", &format!("%YAML 1.2\n---\n# first\n{}...\n", several.join("--- # next\n")));
    write("windows-lines.yaml", &several.join("---\n").replace('\n', "\r\n"));
    write("marked.yaml", &format!("\u{feff}{}", several[0]));
    write("no-end.yaml", several[1].trim_end());
    let items: String = several.iter().map(|one| format!("- {}", deeper(one, 1).trim_start())).collect();
    write("list.yaml", &format!("apiVersion: v1\nkind: List\nitems:\n{items}"));
    let ephemeral = "containers:\n- name: web\n  image: memcached:1\nephemeralContainers:\n- name: debug\n  image: memcached:1\n  targetContainerName: web\n";
    write("ephemeral.yaml", &manifest(KINDS[0], ("ephemeral", ephemeral)));
    let shared = "containers:\n- &web\n  name: web\n  image: nginx:1.27\n- <<: *web\n  name: other\n";
    write("shared.yaml", &manifest(KINDS[3], ("shared", shared)));
    for (name, indent) in [("tight", "None, separators=(',', ':')"), ("wide", "2"), ("tabs", "'\\t'")] {
        let script = format!(
            "import json, sys, yaml\nfor kind in sys.argv[1:]:\n    whole = yaml.safe_load(open(f'in/{{kind}}.yaml'))\n    open(f'in/{{kind}}-{name}.json', 'w').write(json.dumps(whole, indent={indent}))"
        );
        python(
            &room.path("."),
            &script,
            &["Pod-mounted", "CronJob-initial", "Deployment-privileged", "list"],
        );
    }
}

/// Compares what was with what is, file by file.
const JUDGE: &str = r"
import json, os, re, sys, yaml, kubernetes_validate as k
SET = {'readOnlyRootFilesystem': True, 'privileged': False, 'allowPrivilegeEscalation': False}
changed = valid = 0

def added(key, item):
    'whether an item of a list is one that the fix adds'
    if key == 'volumes': return set(item) == {'name', 'emptyDir'} and set(item['emptyDir']) == {'sizeLimit'}
    if key == 'volumeMounts': return set(item) == {'name', 'mountPath'}
    return key == 'initContainers' and item.get('command', [''])[0] == 'cp'

def same(was, now, key, where):
    if key in SET and was != now: assert now is SET[key], where
    elif isinstance(now, dict) and (isinstance(was, dict) or was is None and key == 'securityContext'):
        was = was or {}
        assert [one for one in now if one in was] == list(was), where
        for one in now:
            at = f'{where}.{one}'
            if one in was: same(was[one], now[one], one, at)
            elif one in SET: assert now[one] is SET[one], at
            elif one == 'securityContext': same({}, now[one], one, at)
            else: same([], now[one], one, at)
    elif isinstance(now, list) and (isinstance(was, list) or was is None):
        was = list(was or [])
        more = len(now) - len(was)
        for item in now:
            if more and added(key, item) and (not was or item != was[0]): more -= 1
            else: same(was.pop(0), item, key, where)
        assert not was, where
    else: assert was == now and type(was) == type(now), (where, was, now)

def objects(whole):
    for one in whole:
        if one and one['kind'] == 'List': yield from one['items']
        elif one: yield one

def read(path):
    text = open(path, newline='').read()
    return text, [json.loads(text)] if path.endswith('.json') else list(yaml.safe_load_all(text.lstrip('\ufeff')))

def within(was, now):
    'whether all that was is there still, in its order: lines where lines were added, else characters'
    rest = iter(now)
    return all(one in rest for one in was)

for name in sorted(os.listdir('in')):
    was, before = read(f'in/{name}')
    now, after = read(f'out/{name}')
    assert len(before) == len(after), name
    for one, other in zip(before, after): same(one, other, '', name)
    if was != now:
        changed += 1
        plain = [re.sub(r'(privileged|readOnlyRootFilesystem|allowPrivilegeEscalation)(\W+)(true|false)', r'\1\2?', text) for text in (was.replace('null', ''), now)]
        flow = name.endswith('.json') or re.search(r'[\[{]', was)
        if flow: assert within(*plain), name
        else: assert within(*[text.splitlines(keepends=not name.startswith('no-end')) for text in plain]), name
    for one, other in zip(objects(before), objects(after)):
        try: k.validate(one, k.latest_version(), strict=True)
        except Exception:
            assert 'empty' in json.dumps(one), name  # a key that says nothing
        k.validate(other, k.latest_version(), strict=True) if 'os' not in json.dumps(other) else None
        valid += 1
print(k.latest_version(), changed, valid)
";

#[test]
#[ignore = "needs kubernetes-validate: scripts/test"]
fn kubernetes_takes_what_is_fixed_and_nothing_else_of_it_changes() {
    let room = Room::new();
    manifests(&room);
    let copied = Command::new("cp").args(["-r", "in", "out"]).current_dir(room.path(".")).status().unwrap();
    assert!(copied.success());
    room.write(
        "p.toml",
        "[[image]]\nmatch = \"corp/app*\"\nwrites = [\"/etc/app\", \"/run\"]\nships = [\"/etc/app\"]\n",
    );
    let fix = || room.run(&["immutable", "out", "-p", "p.toml", "--fix", "--in-place", "--fail-on", "never"]);
    let run = fix();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let answer = python(&room.path("."), JUDGE, &[]);
    let numbers: Vec<&str> = answer.split(' ').collect();
    assert!(numbers[0].starts_with("1.37"), "{answer}");
    assert!(
        numbers[1].parse::<usize>().unwrap() > 80 && numbers[2].parse::<usize>().unwrap() > 100,
        "{answer}"
    );
    let count = |text: &str| text.lines().filter(|line| line.ends_with(" put right")).count();
    assert!(count(&run.stderr) > 80, "{}", run.stderr);
    let unedited: Vec<&str> =
        run.stderr.lines().filter(|line| line.contains("an alias or a merge key")).collect();
    assert!(!unedited.is_empty() && unedited.iter().all(|line| line.contains("shared.yaml")), "{unedited:?}");
    let again = fix();
    assert_eq!(count(&again.stderr), 0, "fixing twice changes nothing: {}", again.stderr);
}

/// The published schema of SARIF, in a package of npm; and JUnit's counts, by the reader of Python.
const FORMATS: &str = r"
import json, sys, jsonschema, xml.etree.ElementTree as xml
schema = json.load(open(sys.argv[1]))
log = json.load(open('out.sarif'))
checker = jsonschema.validators.validator_for(schema)
checker.check_schema(schema)
mistakes = [f'{list(one.absolute_path)}: {one.message}' for one in checker(schema).iter_errors(log)]
assert not mistakes, mistakes[:5]
for run in log['runs']:
    for one in run['results']:
        region = one['locations'][0]['physicalLocation']['region']
        uri = one['locations'][0]['physicalLocation']['artifactLocation']['uri']
        line = open(uri).read().splitlines()[region['startLine'] - 1]
        assert line[region['startColumn'] - 1] not in ' -#', (uri, region, line)
log['runs'][0]['results'][0]['level'] = 'high'
assert list(checker(schema).iter_errors(log)), 'the schema must be able to refuse'
root = xml.parse('out.xml').getroot()
cases = root.findall('testsuite/testcase')
for name, found in (('tests', cases), ('failures', [one for one in cases if one.find('failure') is not None])):
    assert int(root.get(name)) == len(found) == sum(int(suite.get(name)) for suite in root), (name, root.attrib, len(found))
print(len(log['runs'][0]['results']), len(cases))
";

#[test]
#[ignore = "needs kubernetes-validate: scripts/test"]
fn sarif_is_what_its_published_schema_takes_and_junit_counts_right() {
    let room = Room::new();
    manifests(&room);
    let run = room.run(&["immutable", "in", "-q", "-o", "sarif=out.sarif", "-o", "junit=out.xml"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    let schema = project().join("target/sarif/package/lib/schemas/sarif-2.1.0-rtm.5.json");
    let answer = python(&room.path("."), FORMATS, &[&schema.display().to_string()]);
    let numbers: Vec<usize> = answer.split(' ').map(|number| number.parse().unwrap()).collect();
    assert!(numbers.iter().all(|number| *number > 100), "{answer}");
}
