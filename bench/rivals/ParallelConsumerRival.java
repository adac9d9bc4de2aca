import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Handles the first events of a topic with Confluent's Parallel Consumer, in order by key, and judges what it does as the other sides are
 * judged. Prints one line of JSON.
 *
 * Arguments: brokers topic group events handlerMs concurrency warm|cold
 */
public final class ParallelConsumerRival {
  private final int wanted;
  private final long startedAt = System.nanoTime();
  private final AtomicLong firstAt = new AtomicLong();
  private final AtomicLong lastAt = new AtomicLong();
  private final AtomicInteger begun = new AtomicInteger();
  private final AtomicInteger ended = new AtomicInteger();
  private final AtomicInteger atOnce = new AtomicInteger();
  private final Map<String, Long> lastOffset = new ConcurrentHashMap<>();
  private final Set<String> running = ConcurrentHashMap.newKeySet();
  private final AtomicReference<String> wrong = new AtomicReference<>();
  private final CountDownLatch done = new CountDownLatch(1);

  private ParallelConsumerRival(int wanted) {
    this.wanted = wanted;
  }

  public static void main(String[] arguments) throws Exception {
    String group = arguments[2];
    // The first run is for the just-in-time compiler.
    if (arguments[6].equals("warm")) run(arguments, group + "-warm");
    System.out.println(run(arguments, group + "-measured"));
    System.exit(0);
  }

  private static String run(String[] arguments, String group) throws Exception {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", arguments[0]);
    properties.put("group.id", group);
    properties.put("enable.auto.commit", "false");
    properties.put("auto.offset.reset", "earliest");
    ParallelConsumerRival rival = new ParallelConsumerRival(Integer.parseInt(arguments[3]));
    long handlerMs = Long.parseLong(arguments[4]);
    ParallelStreamProcessor<String, byte[]> processor =
        ParallelStreamProcessor.createEosStreamProcessor(
            ParallelConsumerOptions.<String, byte[]>builder()
                .ordering(ProcessingOrder.KEY)
                .maxConcurrency(Integer.parseInt(arguments[5]))
                .consumer(new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer()))
                .build());
    processor.subscribe(List.of(arguments[1]));
    processor.poll(
        context -> {
          var record = context.getSingleConsumerRecord();
          rival.begin(record.key(), record.offset());
          if (handlerMs > 0) {
            try {
              Thread.sleep(handlerMs);
            } catch (InterruptedException interrupted) {
              Thread.currentThread().interrupt();
            }
          }
          rival.end(record.key());
        });
    rival.done.await();
    processor.closeDontDrainFirst();
    if (rival.wrong.get() != null) throw new IllegalStateException(rival.wrong.get());
    return rival.figures();
  }

  private void begin(String key, long offset) {
    if (begun.getAndIncrement() == 0) firstAt.set(System.nanoTime());
    Long before = lastOffset.put(key, offset);
    if (before != null && before >= offset) fail(key + ": " + offset + " was handled after " + before);
    if (!running.add(key)) fail(key + ": " + offset + " was handled beside another of its key");
    atOnce.accumulateAndGet(running.size(), Math::max);
  }

  private void end(String key) {
    running.remove(key);
    if (ended.incrementAndGet() == wanted) {
      lastAt.set(System.nanoTime());
      done.countDown();
    }
  }

  private void fail(String what) {
    wrong.compareAndSet(null, what);
    done.countDown();
  }

  private String figures() {
    return String.format(
        java.util.Locale.ROOT,
        "{\"rate\":%f,\"rateSinceStart\":%f,\"atOnce\":%d}",
        wanted * 1e9 / (lastAt.get() - firstAt.get()),
        wanted * 1e9 / (lastAt.get() - startedAt),
        atOnce.get());
  }
}
