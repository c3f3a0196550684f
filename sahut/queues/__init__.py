"""The two queues behind one port: a thread pool in the process, and a task engine on PostgreSQL."""
