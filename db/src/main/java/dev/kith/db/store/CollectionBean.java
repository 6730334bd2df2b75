package dev.kith.db.store;

import dev.kith.db.Collection;
import dev.kith.db.CollectionMXBean;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;

/** Counts, and shows itself to JMX. */
final class CollectionBean implements CollectionMXBean {
  private static final System.Logger LOG = System.getLogger(CollectionBean.class.getName());

  private final Collection collection;
  private final String place;
  private final LongAdder upserts = new LongAdder();
  private final LongAdder queries = new LongAdder();
  private @Nullable ObjectName registered;

  CollectionBean(Collection collection, String place) {
    this.collection = collection;
    this.place = place;
  }

  void wrote(int points) {
    upserts.add(points);
  }

  void queried(int count) {
    queries.add(count);
  }

  void register() {
    try {
      var name =
          new ObjectName(
              "dev.kith:type=Collection,name=%s,place=%s"
                  .formatted(ObjectName.quote(collection.name()), ObjectName.quote(place)));
      ManagementFactory.getPlatformMBeanServer().registerMBean(this, name);
      registered = name;
    } catch (InstanceAlreadyExistsException e) {
      LOG.log(Level.DEBUG, "JMX shows another handle of this collection already: {0}", place);
    } catch (JMException e) {
      LOG.log(Level.WARNING, "JMX does not show collection " + collection.name(), e);
    }
  }

  void unregister() {
    if (registered == null) {
      return;
    }
    try {
      ManagementFactory.getPlatformMBeanServer().unregisterMBean(registered);
    } catch (JMException e) {
      LOG.log(Level.DEBUG, "JMX had forgotten collection " + collection.name(), e);
    }
  }

  @Override
  public String getPlace() {
    return place;
  }

  @Override
  public long getPoints() {
    return collection.stats().points();
  }

  @Override
  public int getSegments() {
    return collection.stats().segments();
  }

  @Override
  public long getBytes() {
    return collection.stats().bytes();
  }

  @Override
  public long getLogBytes() {
    return collection.stats().logBytes();
  }

  @Override
  public Map<String, Double> getAuditedRecall() {
    var recalls = new TreeMap<String, Double>();
    for (var index : collection.stats().indexes()) {
      var audit = index.audit();
      if (audit != null) {
        recalls.put(index.vector(), audit.recall());
      }
    }
    return recalls;
  }

  @Override
  public long getUpserts() {
    return upserts.sum();
  }

  @Override
  public long getQueries() {
    return queries.sum();
  }
}
