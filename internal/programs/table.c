//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

#define _GNU_SOURCE // for memmem

#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

// The functions of the interface take no more than their arguments; so there is one of each per plugin.
#define FUNCTIONS(n)                                                                                              \
    static PJRT_Error *compile##n(PJRT_Client_Compile_Args *args) { return lpqCompile(n, args); }                 \
    static PJRT_Error *destroy##n(PJRT_LoadedExecutable_Destroy_Args *args) { return lpqDestroy(n, args); }       \
    static PJRT_Error *destroy_client##n(PJRT_Client_Destroy_Args *args) { return lpqDestroyClient(n, args); }

FUNCTIONS(0)
FUNCTIONS(1)
FUNCTIONS(2)
FUNCTIONS(3)

static PJRT_Client_Compile *const compile[maxPlugins] = {compile0, compile1, compile2, compile3};
static PJRT_LoadedExecutable_Destroy *const destroy[maxPlugins] = {destroy0, destroy1, destroy2, destroy3};
static PJRT_Client_Destroy *const destroy_client[maxPlugins] = {destroy_client0, destroy_client1, destroy_client2, destroy_client3};

PJRT_Api *lpq_copy_table(const PJRT_Api *plugin, int number) {
    // A plugin newer than the header has a longer table.
    PJRT_Api *table = malloc(plugin->struct_size);
    if (table == NULL) {
        return NULL;
    }
    memcpy(table, plugin, plugin->struct_size);
    table->PJRT_Client_Compile = compile[number];
    table->PJRT_LoadedExecutable_Destroy = destroy[number];
    table->PJRT_Client_Destroy = destroy_client[number];
    return table;
}

PJRT_Error *lpq_compile(const PJRT_Api *plugin, PJRT_Client_Compile_Args *args) { return plugin->PJRT_Client_Compile(args); }

PJRT_Error *lpq_destroy(const PJRT_Api *plugin, PJRT_LoadedExecutable *program) {
    PJRT_LoadedExecutable_Destroy_Args args = {.struct_size = PJRT_LoadedExecutable_Destroy_Args_STRUCT_SIZE, .executable = program};
    return plugin->PJRT_LoadedExecutable_Destroy(&args);
}

PJRT_Error *lpq_destroy_client(const PJRT_Api *plugin, PJRT_Client_Destroy_Args *args) { return plugin->PJRT_Client_Destroy(args); }

void lpq_free_error(const PJRT_Api *plugin, PJRT_Error *error) {
    PJRT_Error_Destroy_Args args = {.struct_size = PJRT_Error_Destroy_Args_STRUCT_SIZE, .error = error};
    plugin->PJRT_Error_Destroy(&args);
}

// Tells whether a call succeeded, and frees the error if not.
static bool succeeded(const PJRT_Api *plugin, PJRT_Error *error) {
    if (error != NULL) {
        lpq_free_error(plugin, error);
    }
    return error == NULL;
}

size_t lpq_devices(const PJRT_Api *plugin, PJRT_Client *client) {
    PJRT_Client_AddressableDevices_Args args = {.struct_size = PJRT_Client_AddressableDevices_Args_STRUCT_SIZE, .client = client};
    return succeeded(plugin, plugin->PJRT_Client_AddressableDevices(&args)) ? args.num_addressable_devices : 0;
}

// Tells whether XLA can write a program down: it ends the process over a call to oneDNN (XLA of jaxlib 0.11.2).
static bool can_serialize(const PJRT_Api *plugin, PJRT_Executable *executable) {
    static const char mark[] = "__onednn";
    PJRT_Program program = {.struct_size = PJRT_Program_STRUCT_SIZE};
    PJRT_Executable_OptimizedProgram_Args args = {
        .struct_size = PJRT_Executable_OptimizedProgram_Args_STRUCT_SIZE, .executable = executable, .program = &program};
    // Called once for the size, and once for the program.
    if (!succeeded(plugin, plugin->PJRT_Executable_OptimizedProgram(&args)) || (program.code = malloc(program.code_size)) == NULL) {
        return false;
    }
    bool can = succeeded(plugin, plugin->PJRT_Executable_OptimizedProgram(&args)) &&
               memmem(program.code, program.code_size, mark, sizeof(mark) - 1) == NULL;
    free(program.code);
    return can;
}

char *lpq_serialize(const PJRT_Api *plugin, PJRT_LoadedExecutable *program, size_t *size) {
    PJRT_LoadedExecutable_GetExecutable_Args get = {
        .struct_size = PJRT_LoadedExecutable_GetExecutable_Args_STRUCT_SIZE, .loaded_executable = program};
    if (!succeeded(plugin, plugin->PJRT_LoadedExecutable_GetExecutable(&get))) {
        return NULL;
    }
    char *bytes = NULL;
    PJRT_Executable_Serialize_Args serialize = {.struct_size = PJRT_Executable_Serialize_Args_STRUCT_SIZE, .executable = get.executable};
    if (can_serialize(plugin, get.executable) && succeeded(plugin, plugin->PJRT_Executable_Serialize(&serialize))) {
        *size = serialize.serialized_bytes_size;
        if ((bytes = malloc(*size)) != NULL) {
            memcpy(bytes, serialize.serialized_bytes, *size);
        }
        serialize.serialized_executable_deleter(serialize.serialized_executable);
    }
    PJRT_Executable_Destroy_Args free_args = {.struct_size = PJRT_Executable_Destroy_Args_STRUCT_SIZE, .executable = get.executable};
    succeeded(plugin, plugin->PJRT_Executable_Destroy(&free_args));
    return bytes;
}

PJRT_LoadedExecutable *lpq_deserialize(const PJRT_Api *plugin, PJRT_Client *client, const char *bytes, size_t size) {
    PJRT_Executable_DeserializeAndLoad_Args args = {.struct_size = PJRT_Executable_DeserializeAndLoad_Args_STRUCT_SIZE,
                                                    .client = client,
                                                    .serialized_executable = bytes,
                                                    .serialized_executable_size = size};
    return succeeded(plugin, plugin->PJRT_Executable_DeserializeAndLoad(&args)) ? args.loaded_executable : NULL;
}
