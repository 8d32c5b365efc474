#pragma once

#include "pjrt_c_api.h"

// How many plugins a process can load whose programs are kept.
enum { maxPlugins = 4 };

// Copies a plugin's table of functions. In the copy those that compile and destroy programs, and clients, are Go's, which
// learn which plugin is meant by its number.
PJRT_Api *lpq_copy_table(const PJRT_Api *plugin, int number);

// The plugin's own functions.
PJRT_Error *lpq_compile(const PJRT_Api *plugin, PJRT_Client_Compile_Args *args);
PJRT_Error *lpq_destroy(const PJRT_Api *plugin, PJRT_LoadedExecutable *program);
PJRT_Error *lpq_destroy_client(const PJRT_Api *plugin, PJRT_Client_Destroy_Args *args);
void lpq_free_error(const PJRT_Api *plugin, PJRT_Error *error);

// How many devices a client has; 0 if it does not say.
size_t lpq_devices(const PJRT_Api *plugin, PJRT_Client *client);

// Writes a program into memory that the caller frees; NULL if the plugin cannot.
char *lpq_serialize(const PJRT_Api *plugin, PJRT_LoadedExecutable *program, size_t *size);

// Makes a program of what lpq_serialize gave; NULL if the plugin cannot.
PJRT_LoadedExecutable *lpq_deserialize(const PJRT_Api *plugin, PJRT_Client *client, const char *bytes, size_t size);
