import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.retry.ExponentialBackoffRetry;

/**
 * Locks and unlocks by lines on its standard input, with Curator's recipes, on one session. Ends with its input.
 *
 * <pre>
 * java -cp curator-recipes.jar CuratorPeer.java HOST:PORT[,HOST:PORT…][/CHROOT] SESSION-MILLISECONDS
 * lock ID mutex|read|write PATH MILLISECONDS   ID held, or ID late
 * unlock ID                                    ID free
 * cycles ID THREADS MILLISECONDS PATH          ID CYCLES-PER-SECOND MEDIAN-MICROSECONDS; each thread below its own path
 * handoffs ID THREADS MILLISECONDS PATH        ID COUNT MEDIAN-MICROSECONDS P99-MICROSECONDS; all threads on one path
 * </pre>
 *
 * Every ID has a thread of its own, which Curator knows the owner by. What fails is answered by "ID error REASON".
 */
public final class CuratorPeer {
    private static CuratorFramework client;
    private static final Map<String, ExecutorService> threads = new ConcurrentHashMap<>();
    private static final Map<String, InterProcessLock> locks = new ConcurrentHashMap<>();

    private interface Work {
        String run() throws Exception;
    }

    public static void main(String[] words) throws Exception {
        client = CuratorFrameworkFactory.newClient(
            words[0], Integer.parseInt(words[1]), 15_000, new ExponentialBackoffRetry(100, 5));
        client.start();
        client.blockUntilConnected();
        say("ready");
        var input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] part = line.split(" ");
            String id = part[1];
            threads.computeIfAbsent(id, key -> Executors.newSingleThreadExecutor()).execute(() -> {
                try {
                    say(id + " " + work(part).run());
                } catch (Exception error) {
                    say(id + " error " + error);
                }
            });
        }
        client.close();
        System.exit(0);
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static Work work(String[] part) {
        return switch (part[0]) {
            case "lock" -> () -> {
                InterProcessLock lock = lock(part[2], part[3]);
                if (!lock.acquire(Long.parseLong(part[4]), TimeUnit.MILLISECONDS)) return "late";
                locks.put(part[1], lock);
                return "held";
            };
            case "unlock" -> () -> {
                locks.remove(part[1]).release();
                return "free";
            };
            case "cycles" -> () -> cycles(Integer.parseInt(part[2]), Long.parseLong(part[3]), part[4]);
            case "handoffs" -> () -> handoffs(Integer.parseInt(part[2]), Long.parseLong(part[3]), part[4]);
            default -> throw new IllegalArgumentException(part[0]);
        };
    }

    private static InterProcessLock lock(String kind, String path) {
        return switch (kind) {
            case "mutex" -> new InterProcessMutex(client, path);
            case "read" -> new InterProcessReadWriteLock(client, path).readLock();
            case "write" -> new InterProcessReadWriteLock(client, path).writeLock();
            default -> throw new IllegalArgumentException(kind);
        };
    }

    /** Takes and releases, and tells how long each took. */
    private static String cycles(int workers, long milliseconds, String path) throws Exception {
        long[][] taken = new long[workers][];
        long start = System.nanoTime();
        run(workers, number -> {
            var lock = new InterProcessMutex(client, path + "/" + number);
            var times = new Times();
            while (System.nanoTime() - start < milliseconds * 1_000_000) {
                long before = System.nanoTime();
                lock.acquire();
                lock.release();
                times.add(System.nanoTime() - before);
            }
            taken[number] = times.all();
        });
        double seconds = (System.nanoTime() - start) / 1e9;
        long[] all = sorted(taken);
        return Math.round(all.length / seconds) + " " + percentile(all, 50);
    }

    /** From the beginning of a release to the end of another one's acquisition. */
    private static String handoffs(int workers, long milliseconds, String path) throws Exception {
        long[][] taken = new long[workers][];
        var released = new AtomicLong();
        long start = System.nanoTime();
        run(workers, number -> {
            var lock = new InterProcessMutex(client, path);
            var times = new Times();
            while (System.nanoTime() - start < milliseconds * 1_000_000) {
                lock.acquire();
                long now = System.nanoTime();
                if (released.get() != 0) times.add(now - released.get());
                released.set(System.nanoTime());
                lock.release();
            }
            taken[number] = times.all();
        });
        long[] all = sorted(taken);
        return all.length + " " + percentile(all, 50) + " " + percentile(all, 99);
    }

    private interface Worker {
        void run(int number) throws Exception;
    }

    private static void run(int workers, Worker worker) throws Exception {
        var pool = Executors.newFixedThreadPool(workers);
        var pending = new java.util.ArrayList<java.util.concurrent.Future<?>>();
        for (int number = 0; number < workers; number++) {
            int own = number;
            pending.add(pool.submit(() -> {
                worker.run(own);
                return null;
            }));
        }
        for (var each : pending) each.get();
        pool.shutdown();
    }

    private static final class Times {
        private long[] values = new long[1024];
        private int count;

        void add(long value) {
            if (count == values.length) values = Arrays.copyOf(values, count * 2);
            values[count++] = value;
        }

        long[] all() { return Arrays.copyOf(values, count); }
    }

    private static long[] sorted(long[][] parts) {
        return Arrays.stream(parts).flatMapToLong(Arrays::stream).sorted().toArray();
    }

    private static long percentile(long[] sorted, int percent) {
        return sorted.length == 0 ? 0 : sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)] / 1000;
    }
}
