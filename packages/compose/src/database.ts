import { parseReference } from '@deploy-actions/image';
import type { Service } from './model.ts';

/** Those that one container alone may write to, by the last part of the image's name. */
const DATABASES =
  /^(?:postgres|postgresql|postgis|pgvector|timescaledb(?:-ha)?|mysql|mysql-server|mariadb|percona(?:-server)?|mongo|mongodb|mongodb-community-server|redis|redis-stack(?:-server)?|valkey|keydb|dragonfly|memcached|rabbitmq|nats|kafka|cp-kafka|zookeeper|etcd|consul|cassandra|scylla|clickhouse(?:-server)?|influxdb|elasticsearch|opensearch|couchdb|neo4j|meilisearch|minio|rustfs|mssql)$/;

/** Whether a service keeps data that one container alone may open, by its image. */
export function isDatabase({ image = '' }: Service): boolean {
  if (image === '') return false;
  return DATABASES.test(parseReference(image).repository.split('/').at(-1) ?? '');
}
