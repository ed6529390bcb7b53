"""Log lines in the styles of common programs: their formats and messages, with invented hosts, users and numbers."""
from words import HOSTS, NOUNS, PROJECTS, Source

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
USERS = "admin root test oracle guest ubuntu postgres git support user webmaster info backup deploy nagios ftp mysql pi".split()
PATHS = ["/", "/index.html", "/robots.txt", "/favicon.ico", "/wp-login.php", "/images/logo.png", "/css/main.css", "/js/app.js",
         "/api/v1/items?page=2", "/login", "/search?q=log", "/blog/2015/03/archive.html", "/downloads/file.tar.gz"]
AGENTS = ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.124 Safari/537.36",
          "Mozilla/5.0 (X11; Linux x86_64; rv:78.0) Gecko/20100101 Firefox/78.0", "curl/7.68.0", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 14_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.1.1 Mobile/15E148 Safari/604.1"]


class Log(Source):
    """A source with a clock."""

    def start(self):
        self.second = self.randint(0, 60000)
        self.milli = 0
        self.year, self.month, self.day = self.randint(2005, 2022), self.randint(1, 12), self.randint(1, 28)
        return self

    def tick(self, most=4):
        self.second += self.choice([0, 0, 1, self.randint(0, most)])
        self.milli = (self.milli + self.randint(1, 300)) % 1000
        return self

    def clock(self):
        return f"{self.second // 3600 % 24:02}:{self.second // 60 % 60:02}:{self.second % 60:02}"


def sshd(log, count):
    """syslog lines of OpenSSH under attack, of cron and of the kernel."""
    host, number = log.choice(["host1", "srv02", "gw", "bastion"]), log.randint(900, 30000)
    stamp = lambda: f"{MONTHS[log.month - 1]} {log.day:2} {log.clock()} {host}"
    while count > 0:
        number += log.randint(1, 4)
        address, port, user = log.address(), log.randint(1024, 65000), log.choice(USERS)
        head = lambda: f"{stamp()} sshd[{number}]:"
        known = user in ("root", "git", "backup")
        who = user if known else f"invalid user {user}"
        log.tick(20)
        if log.random() < 0.08:
            yield f"{stamp()} CRON[{number}]: pam_unix(cron:session): session opened for user root by (uid=0)"
            yield f"{stamp()} CRON[{number}]: pam_unix(cron:session): session closed for user root"
        if log.random() < 0.25:
            yield f"{head()} reverse mapping checking getaddrinfo for host-{address.replace('.', '-')}.example.net [{address}] failed - POSSIBLE BREAK-IN ATTEMPT!"
        if not known:
            yield f"{head()} Invalid user {user} from {address}"
            yield f"{head()} input_userauth_request: invalid user {user} [preauth]"
            yield f"{head()} pam_unix(sshd:auth): check pass; user unknown"
        yield f"{head()} pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={address} " + (f" user={user}" if known else "")
        log.tick(2)
        for _ in range(log.choice([1, 1, 1, 2, 5])):
            yield f"{head()} Failed password for {who} from {address} port {port} ssh2"
            count -= 1
        end = log.random()
        if end < 0.5:
            yield f"{head()} Received disconnect from {address}: 11: Bye Bye [preauth]"
        elif end < 0.75:
            yield f"{head()} Connection closed by {address} [preauth]"
        elif end < 0.85:
            yield f"{head()} Disconnecting: Too many authentication failures for {user} [preauth]"
            yield f"{head()} PAM 5 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost={address}  user={user}"
        elif end < 0.92:
            yield f"{head()} Accepted password for {user} from {address} port {port} ssh2"
            yield f"{head()} pam_unix(sshd:session): session opened for user {user} by (uid=0)"
        count -= 4


def syslog(log, count):
    """syslog of the kernel and of everyday services, in both time formats."""
    host = log.choice(HOSTS)
    for _ in range(count):
        log.tick(9)
        stamp = f"{MONTHS[log.month - 1]} {log.day:2} {log.clock()} {host}"
        yield log.choice([
            f"{stamp} systemd[1]: Started Session {log.randint(1, 9999)} of user {log.choice(USERS)}.",
            f"{stamp} systemd[1]: Starting Daily apt download activities...",
            f"{stamp} systemd[1]: {log.choice(NOUNS)}.service: Succeeded.",
            f"{stamp} kernel: [{log.randint(1, 99999):5}.{log.randint(0, 999999):06}] eth0: link up, 1000Mbps, full-duplex, lpa 0xC1E1",
            f"{stamp} kernel: [UFW BLOCK] IN=eth0 OUT= MAC=00:16:3e:5e:6c:00:fe:ff:ff:ff:ff:ff:08:00 SRC={log.address()} DST={log.address()} LEN=40 TOS=0x00 PREC=0x00 TTL=245 ID={log.randint(1, 65535)} PROTO=TCP SPT={log.randint(1024, 65535)} DPT={log.choice([22, 23, 80, 445])} WINDOW=1024 RES=0x00 SYN URGP=0",
            f"{stamp} dhclient[{log.randint(300, 999)}]: DHCPREQUEST for {log.address()} on eth0 to 192.168.0.1 port 67",
            f"{stamp} postfix/smtpd[{log.randint(1000, 30000)}]: connect from unknown[{log.address()}]",
            f"{stamp} postfix/qmgr[{log.randint(1000, 30000)}]: {log.hex(10).upper()}: from=<{log.choice(USERS)}@example.com>, size={log.randint(400, 9000)}, nrcpt=1 (queue active)",
            f"{stamp} named[{log.randint(300, 999)}]: client {log.address()}#{log.randint(1024, 65000)}: query (cache) 'example.com/ANY/IN' denied",
            f"{stamp} CRON[{log.randint(1000, 30000)}]: (root) CMD (   cd / && run-parts --report /etc/cron.hourly)"])


def apache_error(log, count):
    """Error log of Apache 2.0 with mod_jk."""
    child = log.randint(1000, 9000)
    for _ in range(count):
        log.tick(30)
        child += log.randint(0, 2)
        stamp = f"[{DAYS[log.day % 7]} {MONTHS[log.month - 1]} {log.day:02} {log.clock()} {log.year}]"
        yield log.choice([
            f"{stamp} [notice] jk2_init() Found child {child} in scoreboard slot {log.randint(1, 20)}",
            f"{stamp} [notice] workerEnv.init() ok /etc/apache2/workers.properties",
            f"{stamp} [error] mod_jk child workerEnv in error state {log.randint(1, 9)}",
            f"{stamp} [error] [client {log.address()}] Directory index forbidden by rule: /var/www/html/",
            f"{stamp} [error] [client {log.address()}] File does not exist: /var/www/html{log.choice(PATHS)}",
            f"{stamp} [notice] Apache/2.0.52 (Unix) configured -- resuming normal operations",
            f"{stamp} [error] mod_jk child init 1 -2"])


def access(log, count):
    """Access logs in the combined format, and in the common one."""
    for _ in range(count):
        log.tick(3)
        stamp = f"[{log.day:02}/{MONTHS[log.month - 1]}/{log.year}:{log.clock()} +0000]"
        request = f'"{log.choice(["GET", "GET", "GET", "POST", "HEAD"])} {log.choice(PATHS)} HTTP/1.{log.choice([0, 1, 1])}"'
        line = f"{log.address()} - - {stamp} {request} {log.choice([200, 200, 200, 304, 404, 301, 500])} {log.randint(0, 40000)}"
        yield line + (f' "{log.choice(["-", "http://www.example.com/"])}" "{log.choice(AGENTS)}"' if log.random() < 0.8 else "")


def spark(log, count):
    """Executor and driver of Apache Spark through log4j."""
    task, stage = log.randint(0, 50), 0
    stamp = lambda: f"{log.year % 100:02}/{log.month:02}/{log.day:02} {log.clock()} INFO"
    for _ in range(count // 6):
        log.tick()
        task += 1
        stage += log.random() < 0.05
        index, size, free = task % 200, log.uniform(1, 90), log.randint(300, 530)
        yield f"{stamp()} executor.CoarseGrainedExecutorBackend: Got assigned task {task}"
        yield f"{stamp()} executor.Executor: Running task {index}.0 in stage {stage}.0 (TID {task})"
        yield log.choice([f"{stamp()} storage.BlockManager: Found block rdd_{stage}_{index} locally",
                          f"{stamp()} storage.MemoryStore: Block broadcast_{stage} stored as values in memory (estimated size {size:.1f} KB, free {free}.{index % 10} MB)",
                          f"{stamp()} rdd.HadoopRDD: Input split: hdfs://namenode:8020/data/part-{index:05}:{log.randint(0, 9) * 134217728}+134217728",
                          f"{stamp()} broadcast.TorrentBroadcast: Reading broadcast variable {stage} took {log.randint(3, 99)} ms",
                          f"{stamp()} storage.ShuffleBlockFetcherIterator: Getting {log.randint(1, 200)} non-empty blocks out of 200 blocks"])
        if log.random() < 0.5:
            boot = log.randint(5, 200)
            yield f"{stamp()} python.PythonRunner: Times: total = {boot + 40}, boot = {-boot}, init = {boot + 38}, finish = {log.choice([0, 1, 2])}"
        log.tick()
        yield f"{stamp()} executor.Executor: Finished task {index}.0 in stage {stage}.0 (TID {task}). {log.randint(900, 3000)} bytes result sent to driver"


def hadoop(log, count):
    """Name node and data nodes of Hadoop's file system, in three layouts of the time."""
    for _ in range(count):
        log.tick(9)
        block = f"blk_{log.choice(['', '-'])}{log.randint(10**17, 9 * 10**18)}"
        here, there = log.address(), log.address()
        package = log.choice(["dfs", "dfs", "org.apache.hadoop.hdfs.server.datanode"])
        where, text = log.choice([
            ("DataNode$PacketResponder", f"PacketResponder {log.randint(0, 2)} for block {block} terminating"),
            ("DataNode$PacketResponder", f"Received block {block} of size 67108864 from /{here}"),
            ("DataNode$DataXceiver", f"Receiving block {block} src: /{here}:{log.randint(32768, 60000)} dest: /{there}:50010"),
            ("DataNode$DataXceiver", f"{here}:50010 Served block {block} to /{there}"),
            ("FSNamesystem", f"BLOCK* NameSystem.addStoredBlock: blockMap updated: {here}:50010 is added to {block} size 67108864"),
            ("FSNamesystem", f"BLOCK* NameSystem.allocateBlock: /user/hadoop/out/_temporary/_task_{log.year}{log.month:02}{log.day:02}1015_{log.randint(1, 30):04}_m_{log.randint(0, 2000):06}_0/part-{log.randint(0, 2000):05}. {block}"),
            ("FSNamesystem", f"BLOCK* NameSystem.delete: {block} is added to invalidSet of {here}:50010"),
            ("FSDataset", f"Deleting block {block} file /data/dfs/current/subdir{log.randint(0, 63)}/{block}"),
            ("DataBlockScanner", f"Verification succeeded for {block}")])
        compact = f"{log.year % 100:02}{log.month:02}{log.day:02} {log.clock().replace(':', '')} {log.randint(13, 900)}"
        yield log.choice([compact, compact, f"{log.year}-{log.month:02}-{log.day:02} {log.clock()},{log.milli:03}"]) + f" INFO {package}.{where}: {text}"


def android(log, count):
    """logcat in its threadtime format."""
    for _ in range(count):
        log.tick(1)
        process, token, app = log.choice([1650, 1650, 2210, 2210, 2841, 27433]), log.hex(7), log.choice(["com.android.systemui", "com.android.launcher3", "com.example.reader", "com.android.phone"])
        level, tag, text = log.choice([
            ("D", "PowerManagerService", f"acquire lock={log.randint(10**7, 2 * 10**8)}, flags=0x1, tag=\"*launch*\", name=android, ws=WorkSource{{10113}}, uid=1000, pid=1650"),
            ("D", "PowerManagerService", f"release:lock={log.randint(10**7, 2 * 10**8)}, flg=0x0, tag=\"RILJ\", name={app}, ws=null, uid=1001, pid={process}"),
            ("V", "WindowManager", f"Relayout Window{{{token} u0 {app}/{app}.MainActivity}}: viewVisibility=0 req=1080x1920 WM.LayoutParams{{(0,0)(fillxfill) sim=#20 ty=1 fl=#81810100}}"),
            ("I", "ActivityManager", f"START u0 {{act=android.intent.action.MAIN cat=[android.intent.category.LAUNCHER] flg=0x10200000 cmp={app}/.MainActivity}} from uid {log.randint(10000, 10200)} on display 0"),
            ("I", "ActivityManager", f"Start proc {log.randint(3000, 32000)}:{app}/u0a{log.randint(1, 200)} for service {app}/.SyncService"),
            ("D", "AudioManager", f"getStreamVolume isRestricted mode = 0, streamType = {log.randint(0, 5)}"),
            ("D", "TextView", "setTypeface with style : 0"),
            ("E", "Parcel", f"Reading a NULL string not supported here. pid={process}"),
            ("W", "BroadcastQueue", f"Permission Denial: broadcasting Intent {{ act=android.intent.action.BATTERY_CHANGED flg=0x60000010 }} from {app} (pid={process}, uid=1000)"),
            ("I", "chatty", f"uid=1000(system) Binder:{process}_{log.hex(1).upper()} expire {log.randint(1, 30)} lines"),
            ("D", "NotificationService", f"cancelNotificationLocked called, tell the app,reason = 8 pkg={app}")])
        yield f"{log.month:02}-{log.day:02} {log.clock()}.{log.milli:03} {process:5} {log.choice([process, log.randint(1700, 29000)]):5} {level} {tag}: {text}"


def service(log, count):
    """Log of a Python service in OpenStack's layout: request ids, WSGI lines, life cycle of instances."""
    project, user = log.hex(32), log.hex(32)
    for _ in range(count):
        log.tick()
        stamp = f"{log.year}-{log.month:02}-{log.day:02} {log.clock()}.{log.milli:03} {log.choice([2931, 25744, 25780])}"
        uuid = f"{log.hex(8)}-{log.hex(4)}-4{log.hex(3)}-a{log.hex(3)}-{log.hex(12)}"
        request = f"[req-{uuid} {user} {project} - - -]"
        name = f"{log.choice(['nova', 'cinder', 'glance', 'neutron'])}"
        yield log.choice([
            f'{stamp} INFO {name}.osapi_compute.wsgi.server {request} {log.address()} "GET /v2/{project}/servers/detail HTTP/1.1" status: 200 len: {log.randint(200, 2000)} time: {log.uniform(0.1, 0.4):.7f}',
            f'{stamp} INFO {name}.metadata.wsgi.server {request} {log.address()} "GET /latest/meta-data/instance-id HTTP/1.1" status: 200 len: {log.randint(100, 200)} time: {log.uniform(0.0001, 0.4):.7f}',
            f"{stamp} INFO {name}.compute.manager {request} [instance: {uuid}] VM {log.choice(['Started', 'Paused', 'Resumed', 'Stopped'])} (Lifecycle Event)",
            f"{stamp} INFO {name}.virt.libvirt.imagecache {request} image {uuid} at (/var/lib/{name}/instances/_base/{log.hex(40)}): checking",
            f"{stamp} WARNING {name}.virt.libvirt.imagecache {request} Unknown base file: /var/lib/{name}/instances/_base/{log.hex(40)}",
            f"{stamp} DEBUG oslo_service.periodic_task {request} Running periodic task ComputeManager._poll_volume_usage run_periodic_tasks"])


def application(log, count):
    """Logs of programs at large: log4j, Python's logging, structured lines, package management, a database."""
    for _ in range(count):
        log.tick()
        day = f"{log.year}-{log.month:02}-{log.day:02}"
        level, what = log.choice(["INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR"]), log.choice(PROJECTS)
        yield log.choice([
            f"{day} {log.clock()},{log.milli:03} {level} [main] com.example.{what.replace('-', '')}.{log.choice(NOUNS).title().replace('.', '')}Service - {log.sentence(3, 8)[:-1]}",
            f"{day} {log.clock()},{log.milli:03} - {what} - {level} - {log.sentence(3, 9)[:-1]}",
            f"{day}T{log.clock()}.{log.milli:03}Z {level.lower()} {what}: {log.change()} duration={log.randint(1, 900)}ms",
            f'time="{day}T{log.clock()}Z" level={level.lower()} msg="{log.sentence(3, 8)[:-1]}" component={what} id={log.hex(12)}',
            f"{day} {log.clock()} status {log.choice(['installed', 'unpacked', 'half-configured', 'half-installed'])} lib{what}:amd64 {log.randint(0, 9)}.{log.randint(0, 40)}.{log.randint(0, 9)}-{log.randint(1, 9)}",
            f"{log.year % 100:02}{log.month:02}{log.day:02} {log.clock()} [Note] InnoDB: {log.sentence(3, 8)[:-1]}",
            f"{day} {log.clock()}.{log.milli:03} UTC [{log.randint(100, 30000)}] LOG:  duration: {log.uniform(0, 900):.3f} ms  statement: SELECT * FROM {log.choice(NOUNS)} WHERE id = {log.randint(1, 99999)}"])


STYLES = [application, access, service, syslog, apache_error, android, spark, hadoop, sshd]


def files(split, seed):
    """(path, text) of one split: several hosts of every style."""
    rounds = {"train": 4, "extra": 12, "test": 1}[split]
    for turn in range(rounds):
        for number, style in enumerate(STYLES):
            log = Log(seed * 1000 + turn * 20 + number).start()
            yield f"{split}/synthetic/{turn}-{style.__name__}.log", "\n".join(style(log, 500)) + "\n"
