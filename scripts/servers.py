"""Servers for measurements: on free ports, below a folder, with their own defaults. They refuse root, or run as another.

Each start_… returns the process, the store's URL and the port.
"""
import os, pwd, shutil, socket, subprocess, sys, time

POSTGRES = "/usr/lib/postgresql/15/bin"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def until(ready, process):
    end = time.monotonic() + 30
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"{process.args[0]} does not start")
        time.sleep(0.05)


def answers(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def start_redis(folder):
    port = free_port()
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL)
    until(lambda: answers(port), process)
    return process, f"redis://127.0.0.1:{port}", port


def start_postgres(folder):
    data, port = folder + "/postgres", free_port()
    # The server refuses root.
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    if user:
        os.chmod(folder, 0o755)
    os.mkdir(data)
    if user:
        shutil.chown(data, "postgres", "postgres")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    subprocess.run(user + [POSTGRES + "/initdb", "-D", data, "-U", "postgres", "-A", "trust"], check=True, **quiet)
    process = subprocess.Popen(
        user + [POSTGRES + "/postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", data], **quiet)
    ask = ["psql", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-c", "SELECT 1"]
    until(lambda: subprocess.run(ask, **quiet).returncode == 0, process)
    return process, f"postgres://postgres@127.0.0.1:{port}/postgres", port


def start_mariadb(folder):
    data, port = folder + "/mariadb", free_port()
    # Root must be named.
    user = pwd.getpwuid(os.geteuid()).pw_name
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run(["mariadb-install-db", "--no-defaults", "--datadir=" + data, "--user=" + user,
                    "--auth-root-authentication-method=normal"], check=True, **quiet)
    process = subprocess.Popen(
        ["mariadbd", "--no-defaults", "--datadir=" + data, "--user=" + user, f"--port={port}",
         "--bind-address=127.0.0.1", "--socket=" + data + "/socket", "--max-connections=300"], **quiet)
    ask = ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{port}", "-uroot", "-e", "CREATE DATABASE bench"]
    until(lambda: subprocess.run(ask, **quiet).returncode == 0, process)
    return process, f"mysql://root@127.0.0.1:{port}/bench", port


def start_etcd(folder):
    port, peer = free_port(), free_port()
    client, own = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer}"
    process = subprocess.Popen(
        ["etcd", "--data-dir", folder + "/etcd", "--listen-client-urls", client, "--advertise-client-urls", client,
         "--listen-peer-urls", own, "--initial-advertise-peer-urls", own, "--initial-cluster", f"default={own}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: answers(port), process)
    return process, f"etcd://127.0.0.1:{port}", port


def start_zookeeper(folder):
    port, settings = free_port(), folder + "/zoo.cfg"
    with open(settings, "w") as file:
        file.write(f"tickTime=2000\ndataDir={folder}/zookeeper\nclientPort={port}\nclientPortAddress=127.0.0.1\n"
                   "admin.enableServer=false\n")
    jars = ["zookeeper", "slf4j-simple"]
    process = subprocess.Popen(
        ["java", "-Xmx1g", "-cp", ":".join(f"/usr/share/java/{jar}.jar" for jar in jars),
         "org.apache.zookeeper.server.quorum.QuorumPeerMain", settings],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    until(lambda: answers(port), process)
    return process, f"zookeeper://127.0.0.1:{port}", port
